import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Params } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { type GradientTransform, mapParamsTo, transform } from '../transform';
import { adamStep } from './fused';
import { zerosLike } from './moving-mean';

/** The state of `scaleByAdam`. */
export interface AdamState {
  /** Updates so far, t. */
  readonly step: number;
  /** M, moving mean of each gradient. */
  readonly mean: Params;
  /** V, moving mean of its square. */
  readonly square: Params;
}

export const scaleByAdamOptions = {
  /** Decay of the mean, β1 (default 0.9). */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the mean square, β2 (default 0.999). */
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
  /** ε, added to the root after the bias correction, as PyTorch does (default 1e-8). */
  epsilon: optional(number({ low: 0 }), 1e-8),
};

/** Decays of the moments. */
export interface ScaleByAdamOptions extends OptionsOf<typeof scaleByAdamOptions> {}

/**
 * Adam without its learning rate: M ← β1·M + (1 − β1)·g, V ← β2·V + (1 − β2)·g², u = M̂/(√V̂ + ε) with
 * M̂ = M/(1 − β1^t), V̂ = V/(1 − β2^t).
 * @see Kingma and Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980, Algorithm 1.
 */
export function scaleByAdam(options: ScaleByAdamOptions = {}): GradientTransform<AdamState> {
  if (arguments.length > 1) refuseExtra('scaleByAdam', arguments, 1);
  const { beta1, beta2, epsilon } = readOptions('scaleByAdam', scaleByAdamOptions, options);
  const name = 'scaleByAdam';
  return transform<AdamState>({
    name,
    leafwise: true,
    init: (params) => ({ step: 0, mean: zerosLike(params), square: zerosLike(params) }),
    update(grads, state) {
      const step = state.step + 1;
      const [correction1, correction2] = [1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)];
      const factors = { beta1, beta2, correction1, correction2, epsilon };
      const [updates, means, squares] = mapParamsTo(3, grads, (g, path) =>
        adamStep(name, g, leafOf(name, state.mean, path), leafOf(name, state.square, path), factors),
      );
      return [updates, { step, mean: { ...state.mean, ...means }, square: { ...state.square, ...squares } }];
    },
  });
}
