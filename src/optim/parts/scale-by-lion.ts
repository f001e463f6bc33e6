import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { sign } from '../../tensor/ops/elementwise/sign';
import type { Params } from '../../tensor/tensor';
import { stepLeaves } from '../step-leaves';
import { type GradientTransform, transform } from '../transform';
import { zerosLike } from './moving-mean';

/** The state of `scaleByLion`. */
export interface LionState {
  /** M, moving mean of each gradient. */
  readonly mean: Params;
}

export const scaleByLionOptions = {
  /** Weight of the past in the direction, β1 (default 0.9). */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the mean, β2 (default 0.99). */
  beta2: optional(number({ low: 0, high: 1 }), 0.99),
};

/** Weights of the past. */
export interface ScaleByLionOptions extends OptionsOf<typeof scaleByLionOptions> {}

/**
 * Lion without its learning rate: the sign of a mean that leans on the present gradient. Defaults as in optax.
 * @see Chen et al., "Symbolic discovery of optimization algorithms", arXiv 2302.06675, Algorithm 2.
 */
export function scaleByLion(options: ScaleByLionOptions = {}): GradientTransform<LionState> {
  if (arguments.length > 1) refuseExtra('scaleByLion', arguments, 1);
  const { beta1, beta2 } = readOptions('scaleByLion', scaleByLionOptions, options);
  return transform<LionState>({
    name: 'scaleByLion',
    leafwise: true,
    init: (params) => ({ mean: zerosLike(params) }),
    update(grads, state) {
      const { update, mean } = stepLeaves(
        'scaleByLion',
        { g: grads, mean: state.mean },
        {
          results: ['update', 'mean'],
          formula: ({ g, mean }) => ({
            update: sign(axpby(beta1, mean, 1 - beta1, g)), // u = sign(β1·m + (1 − β1)·g)
            mean: axpby(beta2, mean, 1 - beta2, g), // m ← β2·m + (1 − β2)·g
          }),
          accelerator: 'lion',
          kernel: (on, leaves) => on.lion(leaves, beta1, beta2),
        },
      );
      return [update, { mean: { ...state.mean, ...mean } }];
    },
  });
}
