import type { GradientValues } from '../compress/theory/theory';
import { inner, unit } from './round-trip';

/** The part of a row outside the rows before it that may be the rounding of float32 entries. */
const dependent = 1e-5;

/**
 * An orthonormal basis of the span of rows, by Gram and Schmidt twice over in float64; rows that depend on those before
 * them add nothing. Cost: 4·r²·d flops.
 */
export function orthonormalBasis(rows: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const row of rows) {
    const rest = Float64Array.from(row);
    for (let pass = 0; pass < 2; pass++)
      for (const direction of basis) {
        const along = inner(rest, direction);
        for (let j = 0; j < rest.length; j++) (rest[j] as number) -= along * (direction[j] as number);
      }
    if (Math.sqrt(inner(rest, rest)) > dependent * Math.sqrt(inner(row, row))) basis.push(unit(rest));
  }
  return basis;
}

/**
 * ‖G·Qᵀ‖²/‖G‖² on the right and ‖Q·G‖²/‖G‖² on the left, for the rows of Q [k, d] orthonormal: the share of the energy of
 * G inside their span. It is the squared cosine between G and the matrix of that span nearest to it, since G·Qᵀ·Q is the
 * orthogonal projection of G. 0 of a zero gradient.
 */
export function energyInside({ values, shape, side }: GradientValues, basis: readonly Float64Array[]): number {
  const [n, m] = shape;
  const [d, others] = side === 'left' ? [n, m] : [m, n];
  const [along, across] = side === 'left' ? [m, 1] : [1, m];
  const whole = inner(values, values);
  let kept = 0;
  for (const direction of basis)
    for (let other = 0; other < others; other++) {
      let dot = 0;
      for (let j = 0; j < d; j++) dot += (direction[j] as number) * (values[j * along + other * across] as number);
      kept += dot ** 2;
    }
  return whole === 0 ? 0 : kept / whole;
}
