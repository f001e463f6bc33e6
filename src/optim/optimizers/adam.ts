import { type OptionsOf, readOptions, refuseExtra, required } from '../../base/options';
import { chain } from '../combinators/chain';
import { scaleByAdam, scaleByAdamOptions } from '../parts/scale-by-adam';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { rate } from '../schedules';

export const adamOptions = {
  /** η, or a schedule of it. */
  learningRate: required(rate),
  ...scaleByAdamOptions,
};

/** Learning rate and moments. */
export interface AdamOptions extends OptionsOf<typeof adamOptions> {}

/**
 * Adam: W ← W − η·M̂/(√V̂ + ε). Defaults as in PyTorch.
 * @see Kingma and Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980.
 */
export function adam(options: AdamOptions) {
  if (arguments.length > 1) refuseExtra('adam', arguments, 1);
  const { learningRate, ...moments } = readOptions('adam', adamOptions, options);
  return chain(scaleByAdam(moments), scaleByLearningRate(learningRate));
}
