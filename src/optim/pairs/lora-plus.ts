import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { partition } from '../combinators/partition';
import { adamOptions } from '../optimizers/adam';
import { adamw } from '../optimizers/adamw';
import { noPairs } from './beside';

const loraPlusOptions = {
  ...adamOptions,
  /** Learning rate of B over that of A, at least 1 (default 16). */
  ratio: optional(number({ low: 1 }), 16),
  /** Decoupled weight decay of all that is no vector, multiplied by its learning rate (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
};

/** Learning rates, moments and decay. */
export interface LoraPlusOptions extends OptionsOf<typeof loraPlusOptions> {}

/**
 * LoRA+: AdamW with a larger learning rate for B, and for vectors such as biases, which do not decay; A and all other
 * matrices have the given one. With ratio 1 and no decay it is Adam.
 *
 * At B = 0 a step of B with plain gradients is s·ΔB·A = −ratio·η·s²·G·AᵀA. The published code has a third rate, for
 * embeddings: put `partition` around for one.
 * @throws OptionError `pairs/none`, `options/…`
 * @see Hayou, Ghosh and Yu, "LoRA+: efficient low rank adaptation of large models", ICML 2024, arXiv 2402.12354.
 */
export function loraPlus(options: LoraPlusOptions) {
  if (arguments.length > 1) refuseExtra('loraPlus', arguments, 1);
  const { learningRate, ratio, weightDecay, ...moments } = readOptions('loraPlus', loraPlusOptions, options);
  const fast = typeof learningRate === 'function' ? (t: number) => ratio * learningRate(t) : ratio * learningRate;
  const groups = partition(
    {
      /** B in each pair, at the higher rate. */
      up: adamw({ ...moments, learningRate: fast, weightDecay }),
      /** Vectors, at the higher rate and without decay. */
      vectors: adamw({ ...moments, learningRate: fast, weightDecay: 0 }),
      /** A in each pair and all else. */
      rest: adamw({ ...moments, learningRate, weightDecay }),
    },
    (path, { ndim }) => (ndim < 2 ? 'vectors' : upFactor.test(path) ? 'up' : 'rest'),
  );
  const named: typeof groups = {
    ...groups,
    name: 'loraPlus',
    init(params) {
      if (!Object.keys(params).some((path) => upFactor.test(path))) throw noPairs('loraPlus', params);
      return groups.init(params);
    },
  };
  return named;
}

const upFactor = /^(?:.+\.)?lora\.B$/;
