// The inner loops of matrix products: a tile of C stays in registers while k is walked through once. It starts from numbers
// in memory (zeros, a bias, or the C of earlier k), whose rows are `startBytes` apart.
//
// A register holds four float32. A row of a tile, NR = 8 numbers, is a pair of them, x and y. For each depth the loop loads
// 8 numbers of B (`bx`, `by`), and for each row one number of A, copied to all four lanes (`load32_splat`); then row i grows
// by a_i·b, for all eight columns at once. 6 + 8 numbers are loaded for 48 products, and C is not touched before the end.
// Twelve sums, two of B and one of A make 15 of the 16 vector registers of x86-64, which is why MR is 6 where a fused
// multiply-add needs no register in between, and 4 where it does not exist.

import { MR } from './workspace';

/** sum + x·y: fused in the relaxed build, two roundings in the baseline. */
// @ts-ignore: decorator
@inline
function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(sum, f32x4.mul(x, y));
}

// @ts-ignore: decorator
@inline
function put(c: usize, x: v128, y: v128): void {
  v128.store(c, x);
  v128.store(c, y, 16);
}

/**
 * c [MR, NR] = start + panel a [kc, MR] · panel b [kc, NR]. A function of its own, called often, so that it is optimized
 * early. On Node 20 its speed hangs on its shape: the loop is tested at the top and not unrolled, and what follows are
 * plain stores; other forms ran at half the speed.
 */
export function multiplyTile(
  a: usize, b: usize, kc: i32, start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  if (MR == 6) tile6(a, b, kc, start, startBytes, c, rowBytes);
  else tile4(a, b, kc, start, startBytes, c, rowBytes);
}

// @ts-ignore: decorator
@inline
function tile4(
  a: usize, b: usize, kc: i32, start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  let x0 = v128.load(start);
  let y0 = v128.load(start, 16);
  start += startBytes;
  let x1 = v128.load(start);
  let y1 = v128.load(start, 16);
  start += startBytes;
  let x2 = v128.load(start);
  let y2 = v128.load(start, 16);
  start += startBytes;
  let x3 = v128.load(start);
  let y3 = v128.load(start, 16);
  const end = a + (<usize>kc << 4);
  while (a < end) {
    const bx = v128.load(b);
    const by = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    x0 = multiplyAdd(a0, bx, x0);
    y0 = multiplyAdd(a0, by, y0);
    const a1 = v128.load32_splat(a, 4);
    x1 = multiplyAdd(a1, bx, x1);
    y1 = multiplyAdd(a1, by, y1);
    const a2 = v128.load32_splat(a, 8);
    x2 = multiplyAdd(a2, bx, x2);
    y2 = multiplyAdd(a2, by, y2);
    const a3 = v128.load32_splat(a, 12);
    x3 = multiplyAdd(a3, bx, x3);
    y3 = multiplyAdd(a3, by, y3);
    a += 16;
    b += 32;
  }
  put(c, x0, y0);
  c += rowBytes;
  put(c, x1, y1);
  c += rowBytes;
  put(c, x2, y2);
  c += rowBytes;
  put(c, x3, y3);
}

// @ts-ignore: decorator
@inline
function tile6(
  a: usize, b: usize, kc: i32, start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  let x0 = v128.load(start);
  let y0 = v128.load(start, 16);
  start += startBytes;
  let x1 = v128.load(start);
  let y1 = v128.load(start, 16);
  start += startBytes;
  let x2 = v128.load(start);
  let y2 = v128.load(start, 16);
  start += startBytes;
  let x3 = v128.load(start);
  let y3 = v128.load(start, 16);
  start += startBytes;
  let x4 = v128.load(start);
  let y4 = v128.load(start, 16);
  start += startBytes;
  let x5 = v128.load(start);
  let y5 = v128.load(start, 16);
  const end = a + <usize>kc * 24;
  while (a < end) {
    const bx = v128.load(b);
    const by = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    x0 = multiplyAdd(a0, bx, x0);
    y0 = multiplyAdd(a0, by, y0);
    const a1 = v128.load32_splat(a, 4);
    x1 = multiplyAdd(a1, bx, x1);
    y1 = multiplyAdd(a1, by, y1);
    const a2 = v128.load32_splat(a, 8);
    x2 = multiplyAdd(a2, bx, x2);
    y2 = multiplyAdd(a2, by, y2);
    const a3 = v128.load32_splat(a, 12);
    x3 = multiplyAdd(a3, bx, x3);
    y3 = multiplyAdd(a3, by, y3);
    const a4 = v128.load32_splat(a, 16);
    x4 = multiplyAdd(a4, bx, x4);
    y4 = multiplyAdd(a4, by, y4);
    const a5 = v128.load32_splat(a, 20);
    x5 = multiplyAdd(a5, bx, x5);
    y5 = multiplyAdd(a5, by, y5);
    a += 24;
    b += 32;
  }
  put(c, x0, y0);
  c += rowBytes;
  put(c, x1, y1);
  c += rowBytes;
  put(c, x2, y2);
  c += rowBytes;
  put(c, x3, y3);
  c += rowBytes;
  put(c, x4, y4);
  c += rowBytes;
  put(c, x5, y5);
}

/** c [4, NR] = start + 4 lanes of A, `lanes` of which exist (a missing one is read as the last that does) · NR columns of B. */
export function directTile(
  a: usize, aLane: i32, aDepth: i32, lanes: i32, b: usize, bStep: usize, kc: i32,
  start: usize, startBytes: usize, c: usize, rowBytes: usize,
): void {
  const aStep = <usize>aDepth << 2;
  const lane = <usize>aLane << 2;
  let p1 = lanes > 1 ? a + lane : a;
  let p2 = lanes > 2 ? p1 + lane : p1;
  let p3 = lanes > 3 ? p2 + lane : p2;
  let x0 = v128.load(start);
  let y0 = v128.load(start, 16);
  start += startBytes;
  let x1 = v128.load(start);
  let y1 = v128.load(start, 16);
  start += startBytes;
  let x2 = v128.load(start);
  let y2 = v128.load(start, 16);
  start += startBytes;
  let x3 = v128.load(start);
  let y3 = v128.load(start, 16);
  const end = b + <usize>kc * bStep;
  while (b < end) {
    const bx = v128.load(b);
    const by = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    x0 = multiplyAdd(a0, bx, x0);
    y0 = multiplyAdd(a0, by, y0);
    const a1 = v128.load32_splat(p1);
    x1 = multiplyAdd(a1, bx, x1);
    y1 = multiplyAdd(a1, by, y1);
    const a2 = v128.load32_splat(p2);
    x2 = multiplyAdd(a2, bx, x2);
    y2 = multiplyAdd(a2, by, y2);
    const a3 = v128.load32_splat(p3);
    x3 = multiplyAdd(a3, bx, x3);
    y3 = multiplyAdd(a3, by, y3);
    a += aStep;
    p1 += aStep;
    p2 += aStep;
    p3 += aStep;
    b += bStep;
  }
  put(c, x0, y0);
  c += rowBytes;
  put(c, x1, y1);
  c += rowBytes;
  put(c, x2, y2);
  c += rowBytes;
  put(c, x3, y3);
}
