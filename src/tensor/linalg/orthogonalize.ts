import { finite, kindOf, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { add } from '../ops/elementwise/add';
import { axpby } from '../ops/elementwise/axpby';
import { div } from '../ops/elementwise/div';
import { sqrt } from '../ops/elementwise/sqrt';
import { matmul } from '../ops/products/matmul';
import { sumSquares } from '../ops/reductions/sum-squares';
import { runInScope } from '../scope';
import type { Tensor } from '../tensor';
import { matrixExtents } from './checks';
import { repeated } from './repeated';

/** a, b and c of the map σ → a·σ + b·σ³ + c·σ⁵. */
export type NewtonSchulzCoefficients = readonly [a: number, b: number, c: number];

/** Muon's: steep at 0, and within [0.68, 1.14] for ever from 0.68 on; they do not converge. */
const muons: NewtonSchulzCoefficients = [3.4445, -4.775, 2.0315];

const coefficientsKind = kindOf<NewtonSchulzCoefficients>(
  'three finite numbers [a, b, c] of a·σ + b·σ³ + c·σ⁵',
  (value) => Array.isArray(value) && value.length === 3 && [0, 1, 2].every((i) => finite.fits(value[i])),
);

const orthogonalizeOptions = {
  /** How often the map is applied (default 5). */
  steps: optional(whole({ low: 0 }), 5),
  /** a, b and c of the map (default Muon's); [1.5, −0.5, 0] is slow at first and converges to singular values of 1. */
  coefficients: optional(coefficientsKind, muons),
};

/** How the singular values are mapped, and how often. */
export interface OrthogonalizeOptions extends OptionsOf<typeof orthogonalizeOptions> {}

/**
 * The matrix with the same singular vectors and singular values near 1, which is u·vt of its `svd`, without one:
 * X ← x/(‖x‖ + 1e-7), and `steps` times A = X·Xᵀ, X ← a·X + (b·A + c·A²)·X, an odd polynomial of the singular values. With
 * the usual steps and coefficients those that are at least 0.01 of ‖x‖ end in [0.68, 1.21]; smaller ones grow by 3.4445 a
 * step, and zeros stay zeros.
 * Shapes: [m, n] → [m, n]. With k ≤ N the two extents, a step is 4·k²·N + 2·k³ flops, all of them matrix products on the
 * backend; it has a derivative, as they have.
 * @throws ShapeError `linalg/not-a-matrix`
 * @see Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; Björck and Bowie, "An iterative
 * algorithm for computing the best estimate of an orthogonal matrix", 1971, for the cubic one.
 * @example
 * const q = linalg.orthogonalize(tensor([[3, 4], [-8, 6]]), { steps: 20, coefficients: [1.5, -0.5, 0] });
 * console.log(Array.from(await q.data(), (x) => x.toFixed(4)).join(' ')); // prints 0.6000 0.8000 -0.8000 0.6000
 */
export function orthogonalize(x: Tensor, options: OrthogonalizeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra('linalg.orthogonalize', arguments, 2);
  const [m, n] = matrixExtents('orthogonalize', x);
  const { steps, coefficients } = readOptions('orthogonalize', orthogonalizeOptions, options, 'x');
  const [a, b, c] = coefficients;
  return runInScope('orthogonalize', () => {
    const unit = div(x, add(sqrt(sumSquares(x)), 1e-7));
    return repeated('orthogonalize', steps, unit, (y) => {
      // The smaller of the two Gram matrices: (Y·Yᵀ)·Y = Y·(Yᵀ·Y).
      const gram = m > n ? matmul(y, y, { transposeA: true }) : matmul(y, y, { transposeB: true });
      const terms = axpby(b, gram, c, matmul(gram, gram));
      return axpby(a, y, 1, m > n ? matmul(y, terms) : matmul(terms, y));
    });
  });
}
