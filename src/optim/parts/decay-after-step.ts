import { checkArgument, number, refuseExtra } from '../../base/options';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { leafOf } from '../leaf';
import { rate, rateAt, type Schedule } from '../schedules';
import { type GradientTransform, mapParams, transform } from '../transform';
import type { ScheduleState } from './scale-by-schedule';

/**
 * Decoupled weight decay of the weight that a step has come to: W ← (1 − η·decay)·(W + u), where `addDecayedWeights` is
 * W ← W − η·decay·W + u. The two differ by η·decay·u. Put it last, after the learning rate, of which it gets its own copy.
 * @see GaLore's and AltLoRA's published code, which decay in this order.
 */
export function decayAfterStep(decay: number, learningRate: number | Schedule): GradientTransform<ScheduleState> {
  if (arguments.length > 2) refuseExtra('decayAfterStep', arguments, 2);
  checkArgument('decayAfterStep', 'decay', number({ low: 0 }), decay);
  checkArgument('decayAfterStep', 'learningRate', rate, learningRate);
  return transform<ScheduleState>({
    name: 'decayAfterStep',
    leafwise: true,
    init: () => ({ step: 0 }),
    update(grads, { step }, params) {
      const share = decay * rateAt(learningRate, step);
      const decayed = mapParams(grads, (u, path) =>
        share === 0 ? u : axpby(1 - share, u, -share, leafOf('decayAfterStep', params, path)),
      );
      return [decayed, { step: step + 1 }];
    },
  });
}
