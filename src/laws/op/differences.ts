import { tolerance } from '../close';

/**
 * The step of central differences, h. D(h) = (f(x + h) − f(x − h))/2h is off by h²f‴/6 + O(h⁴), so
 * (4·D(h) − D(2h))/3 (Richardson) is off by O(h⁴). Round-off of size ε in each f makes an error of up to
 * (4/3)·ε/h + (1/3)·ε/2h = (3/2)·ε/h. At h = 2⁻⁶ a function with derivatives of about 1 has both near 10⁻⁵.
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
 * bounds the round-off of f; Richardson's correction |D(h) − D(2h)|/3 is the truncation error of D(h), and that of the
 * result is smaller by another h². An element of f that never changes does not depend on x: no round-off either.
 */
export function difference(
  values: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  terms: number,
  size?: number,
): Estimate {
  const [up, down, upper, lower] = values as [
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
  ];
  let [near, far, error] = [0, 0, 0];
  for (let k = 0; k < weights.length; k++) {
    const [w, p, m, pp, mm] = [weights, up, down, upper, lower].map((list) => list[k] as number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (p === m && pp === mm) continue;
    near += (w * (p - m)) / (2 * step);
    far += (w * (pp - mm)) / (4 * step);
    error += (Math.abs(w) * 1.5 * tolerance(size ?? Math.max(...[p, m, pp, mm].map(Math.abs)), terms)) / step;
  }
  const correction = (near - far) / 3;
  return { value: near + correction, error: error + Math.abs(correction) };
}
