import { type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { matmul } from '../ops/products/matmul';
import { runInScope } from '../scope';
import type { Tensor } from '../tensor';
import { checkMatrix } from './checks';
import { qr } from './qr';

const subspaceIterationOptions = {
  /** How often x and its transpose are applied (default 1). */
  iterations: optional(whole({ low: 0 }), 1),
};

/** How many iterations. */
export interface SubspaceIterationOptions extends OptionsOf<typeof subspaceIterationOptions> {}

/**
 * Turn a basis towards the leading left singular vectors of x: q ← basis of x·basis of xᵀ·q. What the basis holds of the
 * i-th vector grows by (σ_i/σ_{k+1})² an iteration against what it holds of the others, so a basis of a while ago, of a
 * matrix that has moved a little, needs one or two.
 * Shapes: x [m, n], q [m, k] → [m, k], orthonormal columns, as many as min(m, n) allows. 4·m·n·k flops an iteration on the
 * backend, and two QR factorizations of k columns on the CPU. No gradient.
 * @throws ShapeError `linalg/not-a-matrix`, `matmul/inner-dims`
 * @throws StateError `linalg/no-gradient`, `linalg/non-finite`, `linalg/overflow`
 * @see Halko, Martinsson and Tropp, "Finding structure with randomness", arXiv 0909.4061, algorithm 4.4.
 */
export function subspaceIteration(x: Tensor, q: Tensor, options: SubspaceIterationOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra('linalg.subspaceIteration', arguments, 3);
  checkMatrix('subspaceIteration', x);
  checkMatrix('subspaceIteration', q);
  const { iterations } = readOptions('subspaceIteration', subspaceIterationOptions, options, 'x, q');
  return runInScope('subspaceIteration', () => {
    let basis = q;
    for (let i = 0; i < iterations; i++) {
      const other = qr(matmul(x, basis, { transposeA: true })).q; // [n, k]
      basis = qr(matmul(x, other)).q;
    }
    return basis;
  });
}
