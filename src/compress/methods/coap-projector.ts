import type { AdamState } from '../../optim/parts/scale-by-adam';
import { qr } from '../../tensor/linalg/qr';
import { svd as leadingFactors } from '../../tensor/linalg/svd';
import { add } from '../../tensor/ops/elementwise/add';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { sub } from '../../tensor/ops/elementwise/sub';
import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import { mean, sum } from '../../tensor/ops/reductions/sum';
import { sumSquares } from '../../tensor/ops/reductions/sum-squares';
import type { Tensor } from '../../tensor/tensor';
import type { Projector } from '../projector';
import { type StoredProjection, svd } from '../projectors/svd';

/** A projection that counts, since every few are made in another way. */
export interface CoapProjection extends StoredProjection {
  /** Refreshes after the first. */
  readonly count: number;
}

/** How far a descent goes along the gradient of J, of which the norm is at most 1. */
const stepSize = 0.1;

/**
 * COAP's projections: a step down J at each refresh, and every `reprojectFactor` refreshes one power iteration that makes
 * the rows orthonormal again. The first one is such an iteration on Gaussian rows: the sample has them orthonormalised,
 * and only their span matters.
 */
export function coapProjector(reprojectFactor: number): Projector<CoapProjection, AdamState> {
  return {
    ...svd,
    name: 'coap',
    sample(key, shape, rank, refresh) {
      return { ...svd.sample.call(this, key, shape, rank, refresh), count: 0 };
    },
    refresh(p, G, { first, inner, path }) {
      if (first) return { ...p, matrix: recalibrated(p, G), count: 0 };
      const count = p.count + 1;
      if (count % reprojectFactor === 0) return { ...p, matrix: recalibrated(p, G), count };
      return { ...p, matrix: descended(p, G, inner.mean[path] as Tensor), count };
    },
  };
}

/** The r leading singular vectors of G inside the span of G·Aᵀ, as rows [r, d]; on the left those of Gᵀ. */
function recalibrated(p: StoredProjection, G: Tensor): Tensor {
  const C = svd.down(p, G);
  const Q = qr(p.side === 'left' ? transpose(C) : C).q; // [n, r] on the right, [m, r] on the left
  const B =
    p.side === 'left' ? matmul(Q, G, { transposeA: true, transposeB: true }) : matmul(Q, G, { transposeA: true });
  return leadingFactors(B).vt; // of [r, d]
}

/** A after one step along the gradient of J, clipped to the norm 1. */
function descended(p: StoredProjection, G: Tensor, M: Tensor): Tensor {
  const { gradient } = misfit(p, G, M);
  const clip = div(1, maximum(add(sqrt(sumSquares(gradient)), 1e-6), 1));
  return sub(p.matrix, mul(gradient, mul(clip, stepSize)));
}

/**
 * J(A) = MSE(up(down(G)), G)·κ with κ = 1 − the mean over rows i of cos(X_i, G_i), for the lifted momentum X = up(M), and
 * its gradient. With E = up(down(G)) − G, H = 2κE/(nm), c_i the cosines and
 *
 *     Y_i = −(MSE/n)·(G_i/(‖X_i‖·‖G_i‖) − c_i·X_i/‖X_i‖²)
 *
 * it is CᵀH + down(H)ᵀG + MᵀY on the right, and C·Hᵀ + down(H)·Gᵀ + M·Yᵀ on the left. Rows are those of the weight on
 * either side, as in the published code: the left side is not the transpose of the right one.
 * @see Xiao et al., "COAP", CVPR 2025, arXiv 2412.00071, equation 5.
 */
export function misfit(p: StoredProjection, G: Tensor, M: Tensor): { value: Tensor; gradient: Tensor } {
  const [n, m] = p.shape;
  const rows = { axis: 1, keepDims: true };
  const length = (x: Tensor): Tensor => maximum(sqrt(sum(square(x), rows)), 1e-8);
  const C = svd.down(p, G);
  const [E, X] = [sub(svd.up(p, C), G), svd.up(p, M)];
  const [lengthX, lengthG] = [length(X), length(G)];
  const cosines = div(sum(mul(X, G), rows), mul(lengthX, lengthG));
  const kappa = sub(1, mean(cosines));
  const mse = mean(square(E));
  const H = mul(E, mul(kappa, 2 / (n * m)));
  const along = sub(div(G, mul(lengthX, lengthG)), mul(cosines, div(X, square(lengthX))));
  const Y = mul(along, mul(mse, -1 / n));
  const times = (x: Tensor, y: Tensor): Tensor =>
    p.side === 'left' ? matmul(x, y, { transposeB: true }) : matmul(x, y, { transposeA: true }); // [r, d]
  return { value: mul(mse, kappa), gradient: add(add(times(C, H), times(svd.down(p, H), G)), times(M, Y)) };
}
