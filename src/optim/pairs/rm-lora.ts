import { seedKind } from '../../base/key';
import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../combinators/chain';
import { adamOptions } from '../optimizers/adam';
import { adamw } from '../optimizers/adamw';
import { maskGradients, shareKind } from '../parts/mask-gradients';
import { orthogonalPenalty, orthogonalPenaltyOptions } from './orthogonal-penalty';

const rmLoraOptions = {
  ...adamOptions,
  ...orthogonalPenaltyOptions,
  /** p, the probability with which an entry of a gradient is kept in a step (default 0.5). */
  keep: optional(shareKind, 0.5),
  /** Divide what is kept by p (default false). */
  rescale: optional(boolean, false),
  /** Decoupled weight decay, multiplied by the learning rate (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  /** What the masks are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** Learning rate, moments and decay, the penalty and the masks. */
export interface RmLoraOptions extends OptionsOf<typeof rmLoraOptions> {}

/**
 * RM-LoRA: AdamW of gradients to which an orthogonality penalty of the factors was added, and of which a random part of
 * the entries is kept in each step. Both are to raise the rank that an adapter uses. It is
 * `chain(orthogonalPenalty(…), maskGradients(…), adamw(…))`: chain other optimizers so. With λ = 0 and p = 1 it is `adamw`.
 *
 * The public text does not say whether the paper divides by p, or penalizes both factors: hence the options. All gradients
 * are masked, those that belong to no adapter too. Adam moves masked entries by the mean of earlier gradients.
 * @throws OptionError `pairs/none`, `options/…`
 * @see RM-LoRA, arXiv 2407.12074.
 * @example
 * const model = new MLP({ sizes: [4, 4, 2], key: random.key(0) });
 * lora(model, { rank: 2, alpha: 4 });
 * const transform = rmLora({ learningRate: 0.01, strength: 0.01, keep: 0.7 });
 * const training = trainer({ model, transform, loss: (x: Tensor) => model.forward(x).square().mean(), seed: 0 });
 * training.step(ones([3, 4]));
 */
export function rmLora(options: RmLoraOptions) {
  if (arguments.length > 1) refuseExtra('rmLora', arguments, 1);
  const read = readOptions('rmLora', rmLoraOptions, options);
  const { strength, factors, keep, rescale, seed, ...optimizer } = read;
  return chain(orthogonalPenalty({ strength, factors }), maskGradients({ keep, rescale, seed }), adamw(optimizer));
}
