import { checkOptions } from '../base/errors';
import { chain } from './chain';
import { type ScaleByAdamOptions, scaleByAdam } from './scale-by-adam';
import { scaleByLearningRate } from './scale-by-learning-rate';
import type { Schedule } from './schedules';

/** Learning rate and moments. */
export interface AdamOptions extends ScaleByAdamOptions {
  /** η, or a schedule of it. */
  readonly learningRate: number | Schedule;
}

/**
 * Adam: W ← W − η·M̂/(√V̂ + ε). Defaults as in PyTorch.
 * @see Kingma and Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980.
 */
export function adam(options: AdamOptions) {
  checkOptions('adam', options, ['learningRate', 'beta1', 'beta2', 'epsilon']);
  const { learningRate, ...moments } = options;
  return chain(scaleByAdam(moments), scaleByLearningRate(learningRate));
}
