import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square as squared } from '../../tensor/ops/elementwise/square';
import { sub } from '../../tensor/ops/elementwise/sub';
import type { Params } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { stepLeaves } from '../step-leaves';
import { type GradientTransform, mapParams, transform } from '../transform';
import { movingMean, zerosLike } from './moving-mean';

/** The state of `scaleByRms`. */
export interface RmsState {
  /** V, moving mean of the square of each gradient. */
  readonly square: Params;
  /** M, moving mean of each gradient; only kept where it is subtracted. */
  readonly mean?: Params;
}

export const scaleByRmsOptions = {
  /** Decay of the moving means, α (default 0.99). */
  alpha: optional(number({ low: 0, high: 1 }), 0.99),
  /** ε, added outside the root (default 1e-8). */
  epsilon: optional(number({ low: 0 }), 1e-8),
  /** Divide by the standard deviation, √(V − M²), in place of the root mean square (default false). */
  centered: optional(boolean, false),
};

/** Decay of the moving means, and what is divided by. */
export interface ScaleByRmsOptions extends OptionsOf<typeof scaleByRmsOptions> {}

/**
 * RMSprop without its learning rate: g over the root of the moving mean of its squares. As PyTorch; optax adds ε under the root and
 * has α = 0.9. Where rounding makes V − M² negative, it counts as 0.
 * @see Hinton, "Neural networks for machine learning", lecture 6e; Graves, arXiv 1308.0850, section 4.2, for `centered`.
 */
export function scaleByRms(options: ScaleByRmsOptions = {}): GradientTransform<RmsState> {
  if (arguments.length > 1) refuseExtra('scaleByRms', arguments, 1);
  const { alpha, epsilon, centered } = readOptions('scaleByRms', scaleByRmsOptions, options);
  const name = 'scaleByRms';
  return transform<RmsState>({
    name,
    leafwise: true,
    init: (params) => ({ square: zerosLike(params), ...(centered && { mean: zerosLike(params) }) }),
    update(grads, state) {
      const { update, square } = stepLeaves(
        name,
        { g: grads, square: state.square },
        {
          results: ['update', 'square'],
          formula({ g, square }) {
            const v = axpby(alpha, square, 1 - alpha, squared(g)); // v ← α·v + (1 − α)·g²
            return { update: div(g, add(sqrt(v), epsilon)), square: v }; // u = g/(√v + ε)
          },
          accelerator: 'rms',
          kernel: (on, leaves) => on.rms(leaves, alpha, epsilon),
        },
      );
      const after = { square: { ...state.square, ...square } };
      if (!state.mean) return [update, after];
      const mean = movingMean(name, alpha, state.mean, grads);
      const centred = mapParams(grads, (g, path) => {
        const variance = maximum(sub(leafOf(name, square, path), squared(leafOf(name, mean, path))), 0); // v − m²
        return div(g, add(sqrt(variance), epsilon));
      });
      return [centred, { ...after, mean: { ...state.mean, ...mean } }];
    },
  });
}
