// Running sums of [outer, length, inner] along the middle axis.

import { storeLanes } from './math';

/**
 * out[o, l, i] = Σ x[o, 0…l, i], or Σ x[o, l…, i] with `reverse`. Sums run in float64, four columns at a time, and are
 * rounded where they are stored, so that errors do not grow with length.
 */
export function cumsum(x: usize, out: usize, outer: i32, length: i32, inner: i32, reverse: bool): void {
  const row = <usize>inner << 2;
  const step = reverse ? 0 - row : row;
  for (let o = 0; o < outer; o++) {
    const first = reverse ? <usize>(length - 1) * row : 0;
    if (inner == 1) scan(x + first, out + first, length, step);
    else for (let i = 0; i < inner; i += 4) {
      let at = first + (<usize>i << 2);
      let low = f64x2.splat(0);
      let high = low;
      for (let l = 0; l < length; l++) {
        const value = v128.load(x + at);
        low = f64x2.add(low, f64x2.promote_low_f32x4(value));
        high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(value, value, 1, 0)));
        const sums = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
        storeLanes(out + at, sums, inner - i);
        at += step;
      }
    }
    x += <usize>length * row;
    out += <usize>length * row;
  }
}

/** Along neighbours there are no columns to take together. */
function scan(x: usize, out: usize, length: i32, step: usize): void {
  let sum: f64 = 0;
  for (let l = 0; l < length; l++) {
    sum += load<f32>(x);
    store<f32>(out, <f32>sum);
    x += step;
    out += step;
  }
}
