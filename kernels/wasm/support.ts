// A low-rank sum on the nonzero entries of a sparse weight. Works on any range of rows.

import { stepWith, storeLanes } from './math';

/** out [rows, n] = weight + b·a where the weight is not 0, and 0 elsewhere; b [rows, rank], a [rank, n]. */
export function addOnSupport(weight: usize, b: usize, a: usize, out: usize, rows: i32, n: i32, rank: i32): void {
  const bytes = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    let i = 0;
    for (; i + 16 <= n; i += 16) {
      const at = <usize>i << 2;
      const w0 = v128.load(weight + at);
      const w1 = v128.load(weight + at, 16);
      const w2 = v128.load(weight + at, 32);
      const w3 = v128.load(weight + at, 48);
      let s0 = w0;
      let s1 = w1;
      let s2 = w2;
      let s3 = w3;
      let row = a + at;
      for (let k = 0; k < rank; k++) {
        const factor = v128.load32_splat(b + (<usize>k << 2));
        s0 = stepWith(factor, v128.load(row), s0);
        s1 = stepWith(factor, v128.load(row, 16), s1);
        s2 = stepWith(factor, v128.load(row, 32), s2);
        s3 = stepWith(factor, v128.load(row, 48), s3);
        row += bytes;
      }
      v128.store(out + at, onSupport(s0, w0));
      v128.store(out + at, onSupport(s1, w1), 16);
      v128.store(out + at, onSupport(s2, w2), 32);
      v128.store(out + at, onSupport(s3, w3), 48);
    }
    for (; i < n; i += 4) {
      const at = <usize>i << 2;
      const w = v128.load(weight + at);
      let sum = w;
      let row = a + at;
      for (let k = 0; k < rank; k++) {
        sum = stepWith(v128.load32_splat(b + (<usize>k << 2)), v128.load(row), sum);
        row += bytes;
      }
      storeLanes(out + at, onSupport(sum, w), min(4, n - i));
    }
    weight += bytes;
    out += bytes;
    b += <usize>rank << 2;
  }
}

/** The sum where the weight is not 0; a NaN is not. */
// @ts-ignore: decorator
@inline
function onSupport(sum: v128, weight: v128): v128 {
  return v128.and(sum, f32x4.ne(weight, f32x4.splat(0)));
}
