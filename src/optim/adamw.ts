import { checkOptions } from '../base/errors';
import type { AdamOptions } from './adam';
import { addDecayedWeights } from './add-decayed-weights';
import { chain } from './chain';
import { scaleByAdam } from './scale-by-adam';
import { scaleByLearningRate } from './scale-by-learning-rate';

/** Learning rate, moments and decay. */
export interface AdamWOptions extends AdamOptions {
  /** Decoupled weight decay, multiplied by the learning rate (default 0.01). */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay: W ← W − η·(M̂/(√V̂ + ε) + decay·W). Defaults as in PyTorch.
 * @see Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv 1711.05101.
 */
export function adamw(options: AdamWOptions) {
  checkOptions('adamw', options, ['learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay']);
  const { learningRate, weightDecay = 0.01, ...moments } = options;
  return chain(scaleByAdam(moments), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}
