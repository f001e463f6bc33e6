// Random matrices as functions of a key: `src/base/distribution.ts` in SIMD, the same bits. Four lanes are four
// neighbouring blocks of one row, so rows are written front to back. Only exactly rounded operations in a fixed order.

import { interleaveHigh, interleaveLow, joinHigh, joinLow, logNormal, step, storeLanes } from './math';

/** Values of `kind`, in the order of `distributions` in the backend. */
const UNIFORM: i32 = 0;
const NORMAL: i32 = 1;

/** Counter (row, column block, stream, 0). */
const WORD_STREAM: i32 = 0;
const SIGN_STREAM: i32 = 1;

/** Bytes that `fillRow` needs for itself. */
export const RANDOM_SCRATCH: usize = 64;

/**
 * Rows [row, row + rows), columns [from, from + columns) of the matrix of a key, times `scale`, into out, whose rows
 * start `stride` elements apart. `from` is a multiple of 16.
 */
export function randomFill(
  kind: i32, key0: i32, key1: i32, scale: f32, row: i32, rows: i32, from: i32, columns: i32,
  out: usize, stride: i32, scratch: usize,
): void {
  for (let r = 0; r < rows; r++) {
    if (kind <= NORMAL) fillWords(kind, key0, key1, scale, row + r, from, columns, out, scratch);
    else fillSigns(key0, key1, scale, row + r, from, columns, out, scratch);
    out += <usize>stride << 2;
  }
}

/** 16 columns at a time: a block of Philox gives 4, four lanes of blocks give 16. */
function fillWords(
  kind: i32, key0: i32, key1: i32, scale: f32, row: i32, from: i32, columns: i32, out: usize, scratch: usize,
): void {
  const s = f32x4.splat(scale);
  while (columns > 0) {
    philox(key0, key1, row, from >>> 2, WORD_STREAM, scratch);
    if (kind == UNIFORM) uniform(scratch);
    else normal(scratch);
    const count = min(columns, 16);
    for (let i = 0; i < count; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, f32x4.mul(v128.load(scratch + at), s), count - i);
    }
    out += 64;
    from += 16;
    columns -= 16;
  }
}

/** 512 columns from one call: 16 words of 32 signs. A set bit is −1. */
function fillSigns(
  key0: i32, key1: i32, scale: f32, row: i32, from: i32, columns: i32, out: usize, scratch: usize,
): void {
  const s = f32x4.splat(scale);
  const minus = i32x4.splat(0x80000000);
  const end = from + columns;
  let made = -1;
  for (let column = from; column < end; column += 4) {
    if (column >>> 9 != made) {
      made = column >>> 9;
      philox(key0, key1, row, made << 2, SIGN_STREAM, scratch);
    }
    const word = v128.load32_splat(scratch + (<usize>((column >>> 5) & 15) << 2));
    const bits = v128.and(word, i32x4.shl(i32x4(1, 2, 4, 8), column & 31));
    const signs = v128.and(i32x4.ne(bits, i32x4.splat(0)), minus);
    storeLanes(out, v128.xor(s, signs), end - column);
    out += 16;
  }
}

/** The 16 words of the counters (row, block…block + 3, stream, 0), in the order of columns. */
function philox(key0: i32, key1: i32, row: i32, block: i32, stream: i32, out: usize): void {
  const multiplier0 = i32x4.splat(0xd2511f53);
  const multiplier1 = i32x4.splat(0xcd9e8d57);
  let c0 = i32x4.splat(row);
  let c1 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c2 = i32x4.splat(stream);
  let c3 = i32x4.splat(0);
  for (let round = 0; round < 10; round++) {
    const even0 = i64x2.extmul_low_i32x4_u(c0, multiplier0);
    const odd0 = i64x2.extmul_high_i32x4_u(c0, multiplier0);
    const even1 = i64x2.extmul_low_i32x4_u(c2, multiplier1);
    const odd1 = i64x2.extmul_high_i32x4_u(c2, multiplier1);
    const high0 = v128.shuffle<i32>(even0, odd0, 1, 3, 5, 7);
    const high1 = v128.shuffle<i32>(even1, odd1, 1, 3, 5, 7);
    c0 = v128.xor(v128.xor(high1, c1), i32x4.splat(key0));
    c2 = v128.xor(v128.xor(high0, c3), i32x4.splat(key1));
    c1 = v128.shuffle<i32>(even1, odd1, 0, 2, 4, 6);
    c3 = v128.shuffle<i32>(even0, odd0, 0, 2, 4, 6);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  storeColumns(out, c0, c1, c2, c3);
}

/** Lane b of cⱼ is column 4·b + j. */
// @ts-ignore: decorator
@inline
function storeColumns(out: usize, c0: v128, c1: v128, c2: v128, c3: v128): void {
  const low01 = interleaveLow(c0, c1);
  const low23 = interleaveLow(c2, c3);
  const high01 = interleaveHigh(c0, c1);
  const high23 = interleaveHigh(c2, c3);
  v128.store(out, joinLow(low01, low23));
  v128.store(out, joinHigh(low01, low23), 16);
  v128.store(out, joinLow(high01, high23), 32);
  v128.store(out, joinHigh(high01, high23), 48);
}

/** 16 words → 16 numbers in [0, 1), in place. */
function uniform(words: usize): void {
  for (let at: usize = 0; at < 64; at += 16) {
    const x = f32x4.convert_i32x4_s(i32x4.shr_u(v128.load(words + at), 8));
    v128.store(words + at, f32x4.mul(x, f32x4.splat(5.9604644775390625e-8)));
  }
}

/** 16 words → 16 normals, in place: neighbours (2i, 2i + 1) are one pair of Box-Muller. */
function normal(words: usize): void {
  for (let at: usize = 0; at < 64; at += 32) {
    const a = v128.load(words + at);
    const b = v128.load(words + at, 16);
    boxMuller(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7), words + at);
  }
}

/** √(−2 ln u)·(cos 2πv, sin 2πv), u in (0, 1] from w0, v in [0, 1) from w1; the pairs are stored next to each other. */
// @ts-ignore: decorator
@inline
function boxMuller(w0: v128, w1: v128, out: usize): void {
  const one = f32x4.splat(1);
  const u = f32x4.mul(
    f32x4.convert_i32x4_s(i32x4.add(i32x4.shr_u(w0, 8), i32x4.splat(1))), f32x4.splat(5.9604644775390625e-8));
  const radius = f32x4.sqrt(f32x4.mul(f32x4.splat(-2), logNormal(u)));
  const turns = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(w1, 8)), f32x4.splat(2.384185791015625e-7));
  const quadrant = f32x4.floor(f32x4.add(turns, f32x4.splat(0.5)));
  const angle = f32x4.mul(f32x4.sub(turns, quadrant), f32x4.splat(1.5707963267948966));
  const square = f32x4.mul(angle, angle);
  let p = step(f32x4.splat(-1.9515295891e-4), square, 8.3321608736e-3);
  p = step(p, square, -1.6666654611e-1);
  const sine = f32x4.add(f32x4.mul(f32x4.mul(p, square), angle), angle);
  let q = step(f32x4.splat(2.443315711809948e-5), square, -1.388731625493765e-3);
  q = step(q, square, 4.166664568298827e-2);
  const cosine = f32x4.add(
    f32x4.mul(q, f32x4.mul(square, square)), f32x4.sub(one, f32x4.mul(f32x4.splat(0.5), square)));
  const turn = i32x4.trunc_sat_f32x4_s(quadrant);
  const swap = i32x4.neg(v128.and(turn, i32x4.splat(1)));
  const signOfC = i32x4.shl(v128.and(i32x4.add(turn, i32x4.splat(1)), i32x4.splat(2)), 30);
  const signOfS = i32x4.shl(v128.and(turn, i32x4.splat(2)), 30);
  const c = f32x4.mul(radius, v128.xor(v128.bitselect(sine, cosine, swap), signOfC));
  const s = f32x4.mul(radius, v128.xor(v128.bitselect(cosine, sine, swap), signOfS));
  v128.store(out, interleaveLow(c, s));
  v128.store(out, interleaveHigh(c, s), 16);
}
