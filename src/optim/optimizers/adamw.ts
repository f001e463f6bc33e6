import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../combinators/chain';
import { addDecayedWeights } from '../parts/add-decayed-weights';
import { scaleByAdam } from '../parts/scale-by-adam';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { adamOptions } from './adam';

const adamwOptions = {
  ...adamOptions,
  /** Decoupled weight decay, multiplied by the learning rate (default 0.01). */
  weightDecay: optional(number({ low: 0 }), 0.01),
};

/** Learning rate, moments and decay. */
export interface AdamWOptions extends OptionsOf<typeof adamwOptions> {}

/**
 * Adam with decoupled weight decay: W ← W − η·(M̂/(√V̂ + ε) + decay·W). Defaults as in PyTorch.
 * @see Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv 1711.05101.
 */
export function adamw(options: AdamWOptions) {
  if (arguments.length > 1) refuseExtra('adamw', arguments, 1);
  const { learningRate, weightDecay, ...moments } = readOptions('adamw', adamwOptions, options);
  return chain(scaleByAdam(moments), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}
