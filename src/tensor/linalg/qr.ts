import { refuseExtra } from '../../base/options';
import type { Tensor } from '../tensor';
import { checkFiniteInput, checkMatrix, checkOverflow } from './checks';
import { columnsOf, fromColumns, unitColumns } from './columns';
import { columnOfR, factor, timesQ } from './householder';
import { onHost } from './on-host';

/** The factors of `linalg.qr`: x = q·r. */
export interface QR {
  /** [m, k], orthonormal columns */
  readonly q: Tensor;
  /** [k, n], upper triangle, no negative number on its diagonal */
  readonly r: Tensor;
}

/**
 * x = q·r with orthonormal columns in q and an upper triangular r, for k = min(m, n).
 * Shapes: x [m, n] → q [m, k], r [k, n].
 *
 * The diagonal of r is never negative. For a matrix of full column rank this makes the factors unique, and for Gaussian
 * x it makes q uniformly distributed (Haar). q is orthonormal for every x, also for zeros. Householder reflections in
 * float64 on the CPU, rounded to float32 at the end. No gradient.
 * @throws ShapeError `linalg/not-a-matrix`
 * @throws StateError `linalg/no-gradient`, `linalg/non-finite`, `linalg/overflow`
 * @see Mezzadri, "How to generate random matrices from the classical compact groups", arXiv math-ph/0609050, section 5.
 */
export function qr(x: Tensor): QR {
  if (arguments.length > 1) refuseExtra('linalg.qr', arguments, 1);
  const [m, n] = checkMatrix('qr', x);
  const k = Math.min(m, n);
  const shapes = [
    [m, k],
    [k, n],
  ];
  const [q, r] = onHost('qr', [x], shapes, ([values]) => {
    checkFiniteInput('qr', values as Float32Array);
    const factors = factor(columnsOf(values as Float32Array, [m, n]), m);
    const triangle = Array.from({ length: n }, (_, j) => columnOfR(factors, j, k));
    return checkOverflow('qr', [fromColumns(timesQ(factors, unitColumns(m, k)), m), fromColumns(triangle, k)]);
  });
  return { q: q as Tensor, r: r as Tensor };
}
