import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../combinators/chain';
import { adamOptions } from '../optimizers/adam';
import { adamw } from '../optimizers/adamw';
import { imbalancePenalty, imbalancePenaltyOptions } from './imbalance-penalty';
import { preconditionPairs, preconditionPairsOptions } from './precondition-pairs';

const imbalanceLoraOptions = {
  ...adamOptions,
  ...imbalancePenaltyOptions,
  /** Decoupled weight decay, multiplied by the learning rate (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
};

/** Learning rate, moments and decay, and the penalty. */
export interface ImbalanceLoraOptions extends OptionsOf<typeof imbalanceLoraOptions> {}

const piLoraOptions = { ...imbalanceLoraOptions, ...preconditionPairsOptions };

/** Those of `imbalanceLora`, and the damping of the preconditioner. */
export interface PiLoraOptions extends OptionsOf<typeof piLoraOptions> {}

/**
 * Imbalance-Regularized LoRA: AdamW of gradients with that of `imbalancePenalty` in them. It is
 * `chain(imbalancePenalty(…), adamw(…))`: chain other optimizers so. With λ = 0 it is `adamw`. A reconstruction.
 * @throws OptionError `pairs/none`, `options/…`
 * @see "Imbalance-Regularized LoRA" (iLoRA).
 * @example
 * const model = new MLP({ sizes: [4, 4, 2], key: random.key(0) });
 * lora(model, { rank: 2, alpha: 4 });
 * const transform = imbalanceLora({ learningRate: 0.01, strength: 0.01 });
 * const training = trainer({ model, transform, loss: (x: Tensor) => model.forward(x).square().mean(), seed: 0 });
 * training.step(ones([3, 4]));
 */
export function imbalanceLora(options: ImbalanceLoraOptions) {
  if (arguments.length > 1) refuseExtra('imbalanceLora', arguments, 1);
  const read = readOptions('imbalanceLora', imbalanceLoraOptions, options);
  const { strength, ratio, ...optimizer } = read;
  return chain(imbalancePenalty({ strength, ratio }), adamw(optimizer));
}

/**
 * π-LoRA: `imbalanceLora` with the Riemannian preconditioner between penalty and optimizer, so that the penalty is
 * preconditioned as a part of the loss: `chain(imbalancePenalty(…), preconditionPairs(…), adamw(…))`. A reconstruction.
 * @throws OptionError `pairs/none`, `options/…`
 * @see "Imbalance-Regularized LoRA"; Zhang and Pilanci, "Riemannian preconditioned LoRA for fine-tuning foundation models",
 *   ICML 2024, arXiv 2402.02347.
 */
export function piLora(options: PiLoraOptions) {
  if (arguments.length > 1) refuseExtra('piLora', arguments, 1);
  const read = readOptions('piLora', piLoraOptions, options);
  const { strength, ratio, damping, ...optimizer } = read;
  return chain(imbalancePenalty({ strength, ratio }), preconditionPairs({ damping }), adamw(optimizer));
}
