import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { chain } from '../combinators/chain';
import { identity } from '../combinators/identity';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { momentum } from '../parts/momentum';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { rate } from '../schedules';

const sgdOptions = {
  /** η, or a schedule of it. */
  learningRate: required(rate),
  /** μ in b ← μ·b + g (default 0: no momentum and no state). */
  momentum: optional(number({ low: 0, high: 1 }), 0),
  /** Nesterov's form of the momentum (default false). */
  nesterov: optional(boolean, false),
  /** Decoupled weight decay, multiplied by the learning rate (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
};

/** Learning rate, momentum and decay. */
export interface SgdOptions extends OptionsOf<typeof sgdOptions> {}

/**
 * Stochastic gradient descent: W ← W − η·(b + decay·W). As PyTorch's SGD, except that the decay stays out of the momentum.
 * @example
 * const transform = sgd({ learningRate: 0.1, momentum: 0.9 });
 * const params = { weight: tensor([1, 2]) };
 * const [updates] = transform.update({ weight: tensor([10, 0]) }, transform.init(params), params);
 * applyUpdates(params, updates);
 * console.log(await params.weight.array()); // prints [ 0, 2 ]
 */
export function sgd(options: SgdOptions) {
  if (arguments.length > 1) refuseExtra('sgd', arguments, 1);
  const { learningRate, momentum: decay, nesterov, weightDecay } = readOptions('sgd', sgdOptions, options);
  return chain(
    decay === 0 ? identity : momentum({ decay, nesterov }),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
}
