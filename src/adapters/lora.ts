import { checkNumber, checkOptions } from '../base/errors';
import { Linear } from '../nn/linear';
import type { Match, Module } from '../nn/module';
import { type AdapterReport, attach, type Maker } from './attach';
import { embeddingFactors, type FactorInit, linearFactors } from './first-factors';
import { LoraEmbedding } from './lora-embedding';
import { LoraLinear } from './lora-linear';

/** Size, scale, and which layers. */
export interface LoraOptions {
  /** r (default 8): an adapter of a weight [n, m] has r·(n + m) numbers. */
  readonly rank?: number;
  /** α (default 8): the change is s·B·A with s = α/r. */
  readonly alpha?: number;
  /** s = α/√r, so that the size of what a layer learns does not fall with the rank (default false). */
  readonly rankStabilized?: boolean;
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  readonly dropout?: number;
  /**
   * Which layers, by their path: a string matches everything below it too. Default: every `Linear`. An `Embedding` has to
   * be matched.
   */
  readonly match?: Match;
  /** Keep A as it was drawn and train B alone (default false). With SGD, that is Flora: see the guide. */
  readonly freezeA?: boolean;
  /** How the factors of a `Linear` start (default 'kaiming'); those of an `Embedding` are A = 0 and B from N(0, 1). */
  readonly init?: FactorInit;
  /** What first values are drawn from (default 0). */
  readonly seed?: number;
}

/** The names of these options, for `checkOptions`. */
export const loraOptionNames = [
  'rank',
  'alpha',
  'rankStabilized',
  'dropout',
  'match',
  'freezeA',
  'init',
  'seed',
] as const;

/**
 * LoRA: hang s·B·A beside the weights of a model, in place, and freeze all else. The function is the same until B has
 * moved. A layer whose weight something else holds too (a tied head) is left alone, and the report says so.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see Hu et al., "LoRA: low-rank adaptation of large language models", arXiv 2106.09685; Kalajdzievski, "A rank
 *   stabilization scaling factor for fine-tuning with LoRA", arXiv 2312.03732, for `rankStabilized`; Zhang et al.,
 *   "LoRA-FA", arXiv 2308.03303, for `freezeA`.
 * @example
 * const model = new MLP({ sizes: [64, 64, 10], key: random.key(0) });
 * const { adapted, trainable, total } = lora(model, { rank: 4, alpha: 8, match: 'layers.0' });
 * console.log(adapted[0]?.path, trainable, total); // prints layers.0 512 5322
 * console.log(Object.keys(model.parameters({ trainable: true })).join(' ')); // prints layers.0.lora.A layers.0.lora.B
 */
export function lora(model: Module, options: LoraOptions = {}): AdapterReport {
  checkOptions('lora', options, loraOptionNames);
  return attachLora('lora', model, options);
}

/** As `lora`, for methods that train it in another way. */
export function attachLora(where: string, model: Module, options: LoraOptions): AdapterReport {
  const { rank, alpha, rankStabilized, dropout, match, freezeA, init, seed } = withDefaults(options);
  checkNumber(where, 'dropout', dropout, { low: 0, high: 1 });
  const maker: Maker = {
    takes: (layer) =>
      freezeA && !(layer instanceof Linear) ? 'an embedding, whose A starts at zero and cannot be frozen' : true,
    make(site, layer) {
      const { shift, ...factors } =
        layer instanceof Linear ? linearFactors(where, init, site) : { ...embeddingFactors(site), shift: false };
      const adapter =
        layer instanceof Linear ? new LoraLinear(factors, site.scale, dropout) : new LoraEmbedding(factors, site.scale);
      if (freezeA) adapter.freeze('A');
      return { adapter, shift };
    },
  };
  return attach(where, model, { rank, alpha, rankStabilized, match, seed }, maker);
}

/** The options with what holds where they are left out. */
export function withDefaults(options: LoraOptions) {
  return {
    rank: 8,
    alpha: 8,
    rankStabilized: false,
    dropout: 0,
    match: undefined,
    freezeA: false,
    init: 'kaiming' as FactorInit,
    seed: 0,
    ...options,
  };
}
