import { tolerance } from './close';

/**
 * The step of central differences, h. D(h) = (f(x + h) − f(x − h))/2h is off by h²f‴/6 + O(h⁴), so
 * (4·D(h) − D(2h))/3 (Richardson) is off by O(h⁴). Round-off of size ε in each f makes an error of up to
 * (4/3)·ε/h + (1/3)·ε/2h = (3/2)·ε/h. At h = 2⁻⁶ and 16 units in the last place that is 2·10⁻⁴ for a
 * value of about 1, and h²/6 is 4·10⁻⁵: derivatives of about 1 are told from ones that are 0.1% off.
 */
export const step = 2 ** -6;

/** What the four evaluations of one difference are taken at, in steps. */
export const offsets = [1, -1, 2, -2] as const;

/** An estimate, and how far from it the truth may be. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/**
 * Σₖ wₖ·∂fₖ, from the values of f at the four `offsets`. The error is bounded by what is known: the tolerance policy
 * bounds the round-off of f, whose intermediate numbers may be as large as `size` (default: the values themselves);
 * Richardson's correction |D(h) − D(2h)|/3 is the truncation error of D(h), and that of the result is smaller by
 * another h². An element of f that never changes does not depend on x: it brings no round-off either.
 * A step `h` other than the usual one suits functions whose truncation error is known to be small.
 */
export function difference(
  values: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  terms: number,
  size = 0,
  h = step,
): Estimate {
  let [near, far, error] = [0, 0, 0];
  for (let k = 0; k < weights.length; k++) {
    const f = values.map((list) => list[k] as number);
    const [up, down, farUp, farDown] = f as [number, number, number, number];
    if (up === down && farUp === farDown) continue;
    const w = weights[k] as number;
    near += (w * (up - down)) / (2 * h);
    far += (w * (farUp - farDown)) / (4 * h);
    error += (Math.abs(w) * 1.5 * tolerance(Math.max(size, ...f.map(Math.abs)), terms)) / h;
  }
  const correction = (near - far) / 3;
  return { value: near + correction, error: error + Math.abs(correction) };
}
