import { checkOptions } from '../base/errors';
import { addDecayedWeights } from './add-decayed-weights';
import { chain } from './chain';
import { identity } from './identity';
import { scaleByLearningRate } from './scale-by-learning-rate';
import type { Schedule } from './schedules';
import { trace } from './trace';

/** Learning rate, momentum and decay. */
export interface SgdOptions {
  /** η, or a schedule of it. */
  readonly learningRate: number | Schedule;
  /** μ in b ← μ·b + g (default 0: no momentum and no state). */
  readonly momentum?: number;
  /** Nesterov's form of the momentum (default false). */
  readonly nesterov?: boolean;
  /** Decoupled weight decay, multiplied by the learning rate (default 0). */
  readonly weightDecay?: number;
}

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
  checkOptions('sgd', options, ['learningRate', 'momentum', 'nesterov', 'weightDecay']);
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  return chain(
    momentum === 0 ? identity : trace({ decay: momentum, nesterov }),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
}
