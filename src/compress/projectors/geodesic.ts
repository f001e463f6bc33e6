import { choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { onHost } from '../../tensor/linalg/on-host';
import { svd as leadingFactors } from '../../tensor/linalg/svd';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sub } from '../../tensor/ops/elementwise/sub';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import { checkedProjector } from '../checked-projector';
import { matrixMaps } from '../maps/matrix-maps';
import type { Projector } from '../projector';
import { leadingVectors, type StoredProjection, svd } from './svd';

export const geodesicOptions = {
  /** η, times the largest singular value of the tangent: how far a refresh turns, in radians (default 1e-3). */
  stepSize: optional(number({ low: 0 }), 1e-3),
  /** η is `constant` (default), or η/t in the optimizer's step t, counted from 0: `iterativeDecrease`. */
  stepSizeSchedule: optional(choice('constant', 'iterativeDecrease'), 'constant'),
};

/** How far a refresh turns. */
export interface GeodesicOptions extends OptionsOf<typeof geodesicOptions> {}

/**
 * The subspace of the last refresh, turned a little towards the gradient at hand: one step along a geodesic of the
 * Grassmannian, down ‖G − up(down(G))‖². The first one is that of `svd`. On the right, and transposed on the left, with
 * C = down(G):
 *
 *     R = G − C·A        D = −2·Cᵀ·R ≈ σ·v·uᵀ, its largest singular value        A ← A + v·((cos ησ − 1)·vᵀA − sin ησ·uᵀ)
 *
 * The rows stay orthonormal, and nothing moves for η = 0, nor for a gradient that A has whole. σ grows with the square of
 * the gradient, so η has no scale of its own and must be tuned. A is stored, r·d floats.
 * The published right side multiplies D by I − A·Aᵀ, which is zero, and stays where it is; this one is the transpose of
 * the left one.
 * @see Rajabi, Nonta and Rambhatla, "SubTrack++", NeurIPS 2025, arXiv 2502.01586; Edelman, Arias and Smith, "The geometry of algorithms with
 * orthogonality constraints", SIAM J. Matrix Anal. Appl. 20 (1998), theorem 2.3.
 */
export function geodesic(options: GeodesicOptions = {}): Projector<StoredProjection> {
  if (arguments.length > 1) refuseExtra('projectors.geodesic', arguments, 1);
  const { stepSize, stepSizeSchedule } = readOptions('projectors.geodesic', geodesicOptions, options);
  return checkedProjector({
    ...svd,
    name: 'geodesic',
    refresh(p, gradient, { first, step }) {
      if (first) return { ...p, matrix: leadingVectors(p, gradient) };
      return { ...p, matrix: turned(p, gradient, stepSizeSchedule === 'constant' ? stepSize : stepSize / step) };
    },
    ...matrixMaps((p: StoredProjection) => p.matrix),
  });
}

/** A [r, d] after a step of η along the geodesic. */
function turned(p: StoredProjection, G: Tensor, eta: number): Tensor {
  const A = p.matrix;
  const C = svd.down(p, G);
  const R = sub(G, svd.up(p, C));
  const D = mul(p.side === 'left' ? matmul(C, R, { transposeB: true }) : matmul(C, R, { transposeA: true }), -2); // [r, d]
  const tangent = sub(D, matmul(matmul(D, A, { transposeB: true }), A)); // what rounding left along A
  const { u: v, s, vt: u } = leadingFactors(tangent, { rank: 1 });
  const [cosine, sine] = onHost(
    'geodesic',
    [s],
    [
      [1, 1],
      [1, 1],
    ],
    ([values]) => {
      const angle = eta * ((values as Float32Array)[0] as number);
      return [Float32Array.of(-2 * Math.sin(angle / 2) ** 2), Float32Array.of(Math.sin(angle))]; // cos − 1, and sin
    },
  ) as [Tensor, Tensor];
  const moved = sub(mul(matmul(v, A, { transposeA: true }), cosine), mul(u, sine)); // [1, d]
  return add(A, matmul(v, moved));
}
