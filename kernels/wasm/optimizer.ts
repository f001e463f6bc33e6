import { storeLanes } from './math';

/** out = alpha·x + beta·y: the arithmetic of every moving average, in one pass over memory. */
export function axpby(alpha: f32, x: usize, beta: f32, y: usize, out: usize, n: i32): void {
  const p = f32x4.splat(alpha);
  const q = f32x4.splat(beta);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    storeLanes(out + at, f32x4.add(f32x4.mul(p, v128.load(x + at)), f32x4.mul(q, v128.load(y + at))), n - i);
  }
}
