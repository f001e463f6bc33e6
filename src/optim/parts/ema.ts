import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import type { Params } from '../../tensor/tensor';
import { type GradientTransform, mapParams, transform } from '../transform';
import { movingMean, zerosLike } from './moving-mean';

/** The state of `ema`. */
export interface EmaState {
  /** Moving mean of each gradient, zero at first. */
  readonly mean: Params;
  /** Updates so far; only kept where the debiasing needs it. */
  readonly step?: number;
}

const emaOptions = {
  /** Weight of the past, β in [0, 1). */
  decay: required(number({ low: 0, high: 1 })),
  /** Divide the update by 1 − β^t, so that the start from zero does not show (default false). */
  debias: optional(boolean, false),
  /** Look one step ahead: u = β·m + (1 − β)·g with the new m, debiased by 1 − β^(t+1) (default false). */
  nesterov: optional(boolean, false),
};

/** Weight of the past, and the treatment of the start. */
export interface EmaOptions extends OptionsOf<typeof emaOptions> {}

/**
 * Moving mean of the gradients: m ← β·m + (1 − β)·g, u = m. Linear unless debiased. It is 1 − β times the decaying sum of
 * `momentum`, with `nesterov` in both or in neither.
 */
export function ema(options: EmaOptions): GradientTransform<EmaState> {
  if (arguments.length > 1) refuseExtra('ema', arguments, 1);
  const { decay, debias, nesterov } = readOptions('ema', emaOptions, options);
  return transform<EmaState>({
    name: 'ema',
    linear: !debias,
    decay,
    leafwise: true,
    init: (params) => ({ mean: zerosLike(params), ...(debias && { step: 0 }) }),
    update(grads, state) {
      const moved = movingMean('ema', decay, state.mean, grads);
      const mean = { ...state.mean, ...moved };
      const updates = nesterov ? movingMean('ema', decay, moved, grads) : moved;
      if (!debias) return [updates, { mean }];
      const step = (state.step ?? 0) + 1;
      const weights = 1 - decay ** (nesterov ? step + 1 : step); // the sum of the weights of all gradients in u
      return [mapParams(updates, (u) => mul(u, 1 / weights)), { mean, step }];
    },
  });
}
