import { number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { chain } from '../combinators/chain';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { scaleByLion, scaleByLionOptions } from '../parts/scale-by-lion';
import { rate } from '../schedules';

const lionOptions = {
  /** η, the length of a step in every coordinate, or a schedule of it; a third to a tenth of Adam's. */
  learningRate: required(rate),
  /** Decoupled weight decay, multiplied by the learning rate (default 1e-3). */
  weightDecay: optional(number({ low: 0 }), 1e-3),
  ...scaleByLionOptions,
};

/** Learning rate, moments and decay. */
export interface LionOptions extends OptionsOf<typeof lionOptions> {}

/**
 * Lion: W ← W − η·(sign(β1·M + (1 − β1)·g) + decay·W). Defaults as in optax.
 * @see Chen et al., "Symbolic discovery of optimization algorithms", arXiv 2302.06675, Algorithm 2.
 */
export function lion(options: LionOptions) {
  if (arguments.length > 1) refuseExtra('lion', arguments, 1);
  const { learningRate, weightDecay, ...moments } = readOptions('lion', lionOptions, options);
  return chain(scaleByLion(moments), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}
