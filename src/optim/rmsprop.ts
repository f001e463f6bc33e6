import { checkOptions } from '../base/errors';
import { chain } from './chain';
import { identity } from './identity';
import { scaleByLearningRate } from './scale-by-learning-rate';
import { type ScaleByRmsOptions, scaleByRms } from './scale-by-rms';
import type { Schedule } from './schedules';
import { trace } from './trace';

/** Learning rate, moments and momentum. */
export interface RmspropOptions extends ScaleByRmsOptions {
  /** η, or a schedule of it. */
  readonly learningRate: number | Schedule;
  /** μ in b ← μ·b + g/(√V + ε) (default 0: no momentum and no state for it). */
  readonly momentum?: number;
}

/**
 * RMSprop: W ← W − η·g/(√V + ε), with momentum W ← W − η·b. As PyTorch's; optax differs in ε under the root, in
 * α = 0.9, and in a momentum of steps, behind the learning rate, which shows where the learning rate changes.
 * `chain(addDecayedWeights(decay), rmsprop(…))` is PyTorch's `weight_decay`.
 * @see `scaleByRms`
 */
export function rmsprop(options: RmspropOptions) {
  checkOptions('rmsprop', options, ['learningRate', 'alpha', 'epsilon', 'centered', 'momentum']);
  const { learningRate, momentum = 0, ...means } = options;
  return chain(
    scaleByRms(means),
    momentum === 0 ? identity : trace({ decay: momentum }),
    scaleByLearningRate(learningRate),
  );
}
