import { checkOptions } from '../base/errors';
import { addDecayedWeights } from './add-decayed-weights';
import { chain } from './chain';
import { scaleByLearningRate } from './scale-by-learning-rate';
import { type ScaleByLionOptions, scaleByLion } from './scale-by-lion';
import type { Schedule } from './schedules';

/** Learning rate, moments and decay. */
export interface LionOptions extends ScaleByLionOptions {
  /** η, the length of a step in every coordinate; a third to a tenth of Adam's. */
  readonly learningRate: number | Schedule;
  /** Decoupled weight decay, multiplied by the learning rate (default 1e-3). */
  readonly weightDecay?: number;
}

/**
 * Lion: W ← W − η·(sign(β1·M + (1 − β1)·g) + decay·W). Defaults as in optax.
 * @see Chen et al., "Symbolic discovery of optimization algorithms", arXiv 2302.06675, Algorithm 2.
 */
export function lion(options: LionOptions) {
  checkOptions('lion', options, ['learningRate', 'beta1', 'beta2', 'weightDecay']);
  const { learningRate, weightDecay = 1e-3, ...moments } = options;
  return chain(scaleByLion(moments), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}
