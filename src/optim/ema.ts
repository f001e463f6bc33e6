import { checkNumber, checkOptions } from '../base/errors';
import { mul } from '../tensor/ops/mul';
import type { Params } from '../tensor/tensor';
import { movingMean, zerosLike } from './moving-mean';
import { type GradientTransform, mapParams, transform } from './transform';

/** The state of `ema`. */
export interface EmaState {
  /** Moving mean of each gradient, zero at first. */
  readonly mean: Params;
  /** Updates so far; only kept where the debiasing needs it. */
  readonly step?: number;
}

/** Weight of the past, and the treatment of the start. */
export interface EmaOptions {
  /** Weight of the past, β in [0, 1). */
  readonly decay: number;
  /** Divide the update by 1 − β^t, so that the start from zero does not show (default false). */
  readonly debias?: boolean;
}

/** Moving mean of the gradients: m ← β·m + (1 − β)·g, u = m. Linear unless debiased. */
export function ema(options: EmaOptions): GradientTransform<EmaState> {
  checkOptions('ema', options, ['decay', 'debias']);
  const { decay, debias = false } = options;
  checkNumber('ema', 'decay', decay, { low: 0, high: 1 });
  return transform<EmaState>({
    name: 'ema',
    linear: !debias,
    leafwise: true,
    init: (params) => ({ mean: zerosLike(params), ...(debias && { step: 0 }) }),
    update(grads, state) {
      const moved = movingMean('ema', decay, state.mean, grads);
      const mean = { ...state.mean, ...moved };
      if (!debias) return [moved, { mean }];
      const step = (state.step ?? 0) + 1;
      return [mapParams(moved, (m) => mul(m, 1 / (1 - decay ** step))), { mean, step }];
    },
  });
}
