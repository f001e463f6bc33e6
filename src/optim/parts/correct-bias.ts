import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import { type GradientTransform, mapParams, transform } from '../transform';
import type { ScheduleState } from './scale-by-schedule';

const correctBiasOptions = {
  /** Decay of the mean, β1 (default 0.9). */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the mean square, β2 (default 0.999). */
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
};

/** Decays of the moments that started from zero. */
export interface CorrectBiasOptions extends OptionsOf<typeof correctBiasOptions> {}

/**
 * u·√(1 − β2^t)/(1 − β1^t): the correction of moments that started from zero, for an update M/(√V + ε) that something
 * was made of before: a limited norm, a scale of channels.
 * @see Kingma and Ba, "Adam", arXiv 1412.6980, section 2, the efficient form.
 */
export function correctBias(options: CorrectBiasOptions = {}): GradientTransform<ScheduleState> {
  if (arguments.length > 1) refuseExtra('correctBias', arguments, 1);
  const { beta1, beta2 } = readOptions('correctBias', correctBiasOptions, options);
  return transform<ScheduleState>({
    name: 'correctBias',
    linear: true,
    leafwise: true,
    init: () => ({ step: 0 }),
    update(grads, { step }) {
      const t = step + 1;
      const factor = Math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t);
      return [mapParams(grads, (u) => mul(u, factor)), { step: t }];
    },
  });
}
