import { ShapeError } from '../../base/errors';
import { type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { show } from '../../base/shape';
import { eye } from '../ops/create';
import { axpby } from '../ops/elementwise/axpby';
import { div } from '../ops/elementwise/div';
import { mul } from '../ops/elementwise/mul';
import { rsqrt } from '../ops/elementwise/rsqrt';
import { sqrt } from '../ops/elementwise/sqrt';
import { matmul } from '../ops/products/matmul';
import { sumSquares } from '../ops/reductions/sum-squares';
import { runInScope } from '../scope';
import type { Tensor } from '../tensor';
import { matrixExtents } from './checks';
import { repeated } from './repeated';

const inverseRootOptions = {
  /** Coupled Newton–Schulz steps (default 25). */
  steps: optional(whole({ low: 0 }), 25),
};

/** How many steps. */
export interface InverseRootOptions extends OptionsOf<typeof inverseRootOptions> {}

/**
 * x^(−1/2) of a symmetric positive definite matrix, by products alone: Y ← x/‖x‖ and Z ← I, then `steps` times
 * T = ½·(3·I − Z·Y), Y ← Y·T, Z ← T·Z; the result is Z/√‖x‖, while Y/√‖x‖ goes to the inverse of that. An eigenvalue far
 * below ‖x‖ grows by 2.25 a step, so the usual 25 are enough for every matrix that float32 can tell from a singular one.
 * Shapes: [n, n] → [n, n]. 6·n³ flops a step on the backend; it has a derivative.
 *
 * Symmetry is not checked. The relative error is about 1e-7·√κ for a matrix of condition κ; one that rounding has made
 * indefinite, such as a Gram matrix of more rows than columns, diverges: add a multiple of the identity before.
 * @throws ShapeError `linalg/not-a-matrix`, `linalg/not-square`
 * @see Higham, "Functions of matrices", 2008, section 6.7, equation (6.35): the product form of the Newton–Schulz iteration.
 * @example
 * const root = linalg.inverseRoot(tensor([[4, 0], [0, 0.25]]));
 * console.log(Array.from(await root.data(), (x) => x.toFixed(4)).join(' ')); // prints 0.5000 0.0000 0.0000 2.0000
 */
export function inverseRoot(x: Tensor, options: InverseRootOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra('linalg.inverseRoot', arguments, 2);
  const [n, columns] = matrixExtents('inverseRoot', x);
  if (n !== columns) throw notSquare(x);
  const { steps } = readOptions('inverseRoot', inverseRootOptions, options, 'x');
  return runInScope('inverseRoot', () => {
    const norm = sqrt(sumSquares(x));
    const identity = eye(n);
    const start = { y: div(x, norm), z: identity };
    const { z } = repeated('inverseRoot', steps, start, ({ y, z }) => {
      const t = axpby(1.5, identity, -0.5, matmul(z, y));
      return { y: matmul(y, t), z: matmul(t, z) };
    });
    return mul(z, rsqrt(norm));
  });
}

function notSquare(x: Tensor): ShapeError {
  return new ShapeError({
    code: 'linalg/not-square',
    got: `inverseRoot got a matrix ${show(x.shape)}`,
    expected: 'as many rows as columns',
    fix: 'call it on x·xᵀ',
  });
}
