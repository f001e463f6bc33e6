// What an optimizer does with each parameter, in one pass over memory. Every kernel works on any range of elements, or
// on any range of rows that starts at a multiple of the block of rows. The formulas are the compositions of the ops
// they stand for, operation by operation, so they give the same bits. What happens to one vector is a function that ends
// in `storeLanes`: called with 4, it is inlined without the question how many lanes there are.

import { signOf, storeLanes } from './math';
import { BLOCK_ROWS, squaresOfRow } from './reductions';

/** out = alpha·x + beta·y: the arithmetic of every moving average. */
export function axpby(alpha: f32, x: usize, beta: f32, y: usize, out: usize, n: i32): void {
  const p = f32x4.splat(alpha);
  const q = f32x4.splat(beta);
  const whole = n & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    v128.store(out + at, mix(p, v128.load(x + at), q, v128.load(y + at)));
  }
  const at = <usize>whole << 2;
  if (whole < n) storeLanes(out + at, mix(p, v128.load(x + at), q, v128.load(y + at)), n - whole);
}

/** alpha·x + beta·y */
// @ts-ignore: decorator
@inline
function mix(alpha: v128, x: v128, beta: v128, y: v128): v128 {
  return f32x4.add(f32x4.mul(alpha, x), f32x4.mul(beta, y));
}

/**
 * newMean = beta1·mean + rest1·g, newSquare = beta2·square + rest2·g²,
 * update = newMean·correction1/(√(newSquare·correction2) + epsilon).
 */
export function adam(
  g: usize, mean: usize, square: usize, update: usize, newMean: usize, newSquare: usize, n: i32,
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, correction1: f32, correction2: f32, epsilon: f32,
): void {
  const b1 = f32x4.splat(beta1);
  const r1 = f32x4.splat(rest1);
  const b2 = f32x4.splat(beta2);
  const r2 = f32x4.splat(rest2);
  const c1 = f32x4.splat(correction1);
  const c2 = f32x4.splat(correction2);
  const e = f32x4.splat(epsilon);
  const whole = n & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    adamAt(g + at, mean + at, square + at, update + at, newMean + at, newSquare + at, b1, r1, b2, r2, c1, c2, e, 4);
  }
  if (whole == n) return;
  const at = <usize>whole << 2;
  adamAt(g + at, mean + at, square + at, update + at, newMean + at, newSquare + at, b1, r1, b2, r2, c1, c2, e, n - whole);
}

// @ts-ignore: decorator
@inline
function adamAt(
  g: usize, mean: usize, square: usize, update: usize, newMean: usize, newSquare: usize,
  beta1: v128, rest1: v128, beta2: v128, rest2: v128, correction1: v128, correction2: v128, epsilon: v128, count: i32,
): void {
  const x = v128.load(g);
  const m = mix(beta1, v128.load(mean), rest1, x);
  const v = mix(beta2, v128.load(square), rest2, f32x4.mul(x, x));
  const root = f32x4.sqrt(f32x4.mul(v, correction2));
  storeLanes(update, f32x4.div(f32x4.mul(m, correction1), f32x4.add(root, epsilon)), count);
  storeLanes(newMean, m, count);
  storeLanes(newSquare, v, count);
}

/** newSquare = beta·square + rest·g², update = g/(√newSquare + epsilon) */
export function rms(
  g: usize, square: usize, update: usize, newSquare: usize, n: i32, beta: f32, rest: f32, epsilon: f32,
): void {
  const b = f32x4.splat(beta);
  const r = f32x4.splat(rest);
  const e = f32x4.splat(epsilon);
  const whole = n & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    rmsAt(g + at, square + at, update + at, newSquare + at, b, r, e, 4);
  }
  const at = <usize>whole << 2;
  if (whole < n) rmsAt(g + at, square + at, update + at, newSquare + at, b, r, e, n - whole);
}

// @ts-ignore: decorator
@inline
function rmsAt(
  g: usize, square: usize, update: usize, newSquare: usize, beta: v128, rest: v128, epsilon: v128, count: i32,
): void {
  const x = v128.load(g);
  const v = mix(beta, v128.load(square), rest, f32x4.mul(x, x));
  storeLanes(update, f32x4.div(x, f32x4.add(f32x4.sqrt(v), epsilon)), count);
  storeLanes(newSquare, v, count);
}

/** update = the sign of beta1·mean + rest1·g, newMean = beta2·mean + rest2·g */
export function lion(
  g: usize, mean: usize, update: usize, newMean: usize, n: i32, beta1: f32, rest1: f32, beta2: f32, rest2: f32,
): void {
  const b1 = f32x4.splat(beta1);
  const r1 = f32x4.splat(rest1);
  const b2 = f32x4.splat(beta2);
  const r2 = f32x4.splat(rest2);
  const whole = n & ~3;
  for (let i = 0; i < whole; i += 4) {
    const at = <usize>i << 2;
    lionAt(g + at, mean + at, update + at, newMean + at, b1, r1, b2, r2, 4);
  }
  const at = <usize>whole << 2;
  if (whole < n) lionAt(g + at, mean + at, update + at, newMean + at, b1, r1, b2, r2, n - whole);
}

// @ts-ignore: decorator
@inline
function lionAt(
  g: usize, mean: usize, update: usize, newMean: usize,
  beta1: v128, rest1: v128, beta2: v128, rest2: v128, count: i32,
): void {
  const x = v128.load(g);
  const m = v128.load(mean);
  storeLanes(update, signOf(mix(beta1, m, rest1, x)), count);
  storeLanes(newMean, mix(beta2, m, rest2, x), count);
}

/** g [rows, n] → rowSums [rows], and for each block of rows one row of columnSums [blocks, n]: sums of squares. */
export function squareSums(g: usize, rowSums: usize, columnSums: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    if (r % BLOCK_ROWS == 0) memory.fill(columnSums + <usize>(r / BLOCK_ROWS) * bytes, 0, bytes);
    store<f32>(rowSums, <f32>squaresOfRow(g, columnSums + <usize>(r / BLOCK_ROWS) * bytes, n));
    g += bytes;
    rowSums += 4;
  }
}

/** out [rows, n] = g ⊙ row·columnᵀ */
export function scaleRowsColumns(g: usize, row: usize, column: usize, out: usize, rows: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    const factor = v128.load32_splat(row);
    const whole = n & ~3;
    for (let i = 0; i < whole; i += 4) {
      const at = <usize>i << 2;
      v128.store(out + at, f32x4.mul(f32x4.mul(v128.load(g + at), factor), v128.load(column + at)));
    }
    const at = <usize>whole << 2;
    if (whole < n) {
      storeLanes(out + at, f32x4.mul(f32x4.mul(v128.load(g + at), factor), v128.load(column + at)), n - whole);
    }
    g += bytes;
    out += bytes;
    row += 4;
  }
}
