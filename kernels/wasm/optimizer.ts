// What an optimizer does with each parameter, in one pass over memory. Every kernel works on any range of elements, or
// on any range of rows that starts at a multiple of the block of rows. The formulas are the compositions of the ops
// they stand for, operation by operation, so they give the same bits.

import { signOf, storeLanes } from './math';
import { BLOCK_ROWS, squaresOfRow } from './reduce';

/** out = alpha·x + beta·y: the arithmetic of every moving average. */
export function axpby(alpha: f32, x: usize, beta: f32, y: usize, out: usize, n: i32): void {
  const p = f32x4.splat(alpha);
  const q = f32x4.splat(beta);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    storeLanes(out + at, mix(p, v128.load(x + at), q, v128.load(y + at)), n - i);
  }
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
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    const x = v128.load(g + at);
    const m = mix(f32x4.splat(beta1), v128.load(mean + at), f32x4.splat(rest1), x);
    const v = mix(f32x4.splat(beta2), v128.load(square + at), f32x4.splat(rest2), f32x4.mul(x, x));
    const root = f32x4.sqrt(f32x4.mul(v, f32x4.splat(correction2)));
    const u = f32x4.div(f32x4.mul(m, f32x4.splat(correction1)), f32x4.add(root, f32x4.splat(epsilon)));
    storeLanes(update + at, u, n - i);
    storeLanes(newMean + at, m, n - i);
    storeLanes(newSquare + at, v, n - i);
  }
}

/** newSquare = beta·square + rest·g², update = g/(√newSquare + epsilon) */
export function rms(
  g: usize, square: usize, update: usize, newSquare: usize, n: i32, beta: f32, rest: f32, epsilon: f32,
): void {
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    const x = v128.load(g + at);
    const v = mix(f32x4.splat(beta), v128.load(square + at), f32x4.splat(rest), f32x4.mul(x, x));
    storeLanes(update + at, f32x4.div(x, f32x4.add(f32x4.sqrt(v), f32x4.splat(epsilon))), n - i);
    storeLanes(newSquare + at, v, n - i);
  }
}

/** update = the sign of beta1·mean + rest1·g, newMean = beta2·mean + rest2·g */
export function lion(
  g: usize, mean: usize, update: usize, newMean: usize, n: i32, beta1: f32, rest1: f32, beta2: f32, rest2: f32,
): void {
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    const x = v128.load(g + at);
    const m = v128.load(mean + at);
    storeLanes(update + at, signOf(mix(f32x4.splat(beta1), m, f32x4.splat(rest1), x)), n - i);
    storeLanes(newMean + at, mix(f32x4.splat(beta2), m, f32x4.splat(rest2), x), n - i);
  }
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
    for (let i = 0; i < n; i += 4) {
      const at = <usize>i << 2;
      storeLanes(out + at, f32x4.mul(f32x4.mul(v128.load(g + at), factor), v128.load(column + at)), n - i);
    }
    g += bytes;
    out += bytes;
    row += 4;
  }
}
