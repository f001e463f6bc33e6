import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Params } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { type GradientTransform, mapParamsTo, transform } from '../transform';
import { lionStep } from './fused';
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
 * Lion without its learning rate: u = sign(β1·M + (1 − β1)·g), then M ← β2·M + (1 − β2)·g. Defaults as in optax.
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
      const [updates, means] = mapParamsTo(2, grads, (g, path) =>
        lionStep('scaleByLion', g, leafOf('scaleByLion', state.mean, path), beta1, beta2),
      );
      return [updates, { mean: { ...state.mean, ...means } }];
    },
  });
}
