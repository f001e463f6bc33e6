import { number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { chain } from '../combinators/chain';
import { identity } from '../combinators/identity';
import { momentum } from '../parts/momentum';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { scaleByRms, scaleByRmsOptions } from '../parts/scale-by-rms';
import { rate } from '../schedules';

const rmspropOptions = {
  /** η, or a schedule of it. */
  learningRate: required(rate),
  /** μ in b ← μ·b + g/(√V + ε) (default 0: no momentum and no state for it). */
  momentum: optional(number({ low: 0, high: 1 }), 0),
  ...scaleByRmsOptions,
};

/** Learning rate, moments and momentum. */
export interface RmspropOptions extends OptionsOf<typeof rmspropOptions> {}

/**
 * RMSprop: W ← W − η·g/(√V + ε), with momentum W ← W − η·b. As PyTorch's; optax differs in ε under the root, in
 * α = 0.9, and in a momentum of steps, behind the learning rate, which shows where the learning rate changes.
 * `chain(addDecayedWeights(decay), rmsprop(…))` is PyTorch's `weight_decay`.
 * @see `scaleByRms`
 */
export function rmsprop(options: RmspropOptions) {
  if (arguments.length > 1) refuseExtra('rmsprop', arguments, 1);
  const { learningRate, momentum: decay, ...means } = readOptions('rmsprop', rmspropOptions, options);
  return chain(scaleByRms(means), decay === 0 ? identity : momentum({ decay }), scaleByLearningRate(learningRate));
}
