import { checkNumber, checkOptions } from '../base/errors';
import { add } from '../tensor/ops/add';
import { div } from '../tensor/ops/div';
import { maximum } from '../tensor/ops/maximum';
import { sqrt } from '../tensor/ops/sqrt';
import { square } from '../tensor/ops/square';
import { sub } from '../tensor/ops/sub';
import type { Params, Tensor } from '../tensor/tensor';
import { leafOf } from './leaf';
import { movingMean, zerosLike } from './moving-mean';
import { type GradientTransform, mapParams, transform } from './transform';

/** The state of `scaleByRms`. */
export interface RmsState {
  /** V, moving mean of the square of each gradient. */
  readonly square: Params;
  /** M, moving mean of each gradient; only kept where it is subtracted. */
  readonly mean?: Params;
}

/** Decay of the moving means, and what is divided by. */
export interface ScaleByRmsOptions {
  /** Decay of the moving means, α (default 0.99). */
  readonly alpha?: number;
  /** ε, added outside the root (default 1e-8). */
  readonly epsilon?: number;
  /** Divide by the standard deviation, √(V − M²), in place of the root mean square (default false). */
  readonly centered?: boolean;
}

/**
 * RMSprop without its learning rate: V ← α·V + (1 − α)·g², u = g/(√V + ε). As PyTorch; optax adds ε under the root and
 * has α = 0.9. Where rounding makes V − M² negative, it counts as 0.
 * @see Hinton, "Neural networks for machine learning", lecture 6e; Graves, arXiv 1308.0850, section 4.2, for `centered`.
 */
export function scaleByRms(options: ScaleByRmsOptions = {}): GradientTransform<RmsState> {
  checkOptions('scaleByRms', options, ['alpha', 'epsilon', 'centered']);
  const { alpha = 0.99, epsilon = 1e-8, centered = false } = options;
  checkNumber('scaleByRms', 'alpha', alpha, { low: 0, high: 1 });
  checkNumber('scaleByRms', 'epsilon', epsilon, { low: 0 });
  const name = 'scaleByRms';
  return transform<RmsState>({
    name,
    leafwise: true,
    init: (params) => ({ square: zerosLike(params), ...(centered && { mean: zerosLike(params) }) }),
    update(grads, state) {
      const squares = movingMean(name, alpha, state.square, grads, square);
      const means = state.mean && movingMean(name, alpha, state.mean, grads);
      const variance = (v: Tensor, path: string): Tensor =>
        means ? maximum(sub(v, square(leafOf(name, means, path))), 0) : v;
      const updates = mapParams(grads, (g, path) =>
        div(g, add(sqrt(variance(leafOf(name, squares, path), path)), epsilon)),
      );
      const after = { square: { ...state.square, ...squares } };
      return [updates, means ? { ...after, mean: { ...state.mean, ...means } } : after];
    },
  });
}
