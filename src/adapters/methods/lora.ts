import { OptionError } from '../../base/errors';
import { seedKind } from '../../base/key';
import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, type ValuesOf } from '../../base/options';
import type { Adaptable } from '../../nn/adapter';
import { Embedding } from '../../nn/layers/embedding';
import { Linear } from '../../nn/layers/linear';
import { type Module, matchKind } from '../../nn/module';
import { ones } from '../../tensor/ops/create';
import type { AdapterReport, AttachedLayer } from '../attach';
import { attachLowRank, describedLowRank } from '../attach-low-rank';
import type { OfLowRank } from '../low-rank-adapter';
import { setPlain } from '../origin';
import { type ChosenRanks, chosenRanks, type RankPolicy, rankKind } from '../ranks/rank-policy';
import { firstFactors, initKind } from '../starts/first-factors';
import { LoraEmbedding } from './lora-embedding';
import { LoraLinear } from './lora-linear';

/** `lora`'s, without how factors start. */
export const loraOptionsWithoutInit = {
  /** r (default 8): an adapter of a weight [n, m] has r·(n + m) numbers. Or a policy, which gives every layer its own. */
  rank: optional(rankKind, 8),
  /** α (default 8): the change is s·B·A with s = α/r, for the layer's own r. */
  alpha: optional(number(), 8),
  /** s = α/√r, so that the size of what a layer learns does not fall with the rank (default false). */
  rankStabilized: optional(boolean, false),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /**
   * Which layers, by their path: a string matches everything below it too. Default: every `Linear`. An `Embedding` has to
   * be matched.
   */
  match: optional(matchKind),
  /** Keep A as it was drawn and train B alone (default false). With SGD, that is Flora: see the guide. */
  freezeA: optional(boolean, false),
  /** What first values are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

const loraOptions = {
  ...loraOptionsWithoutInit,
  /** How the factors of a `Linear` start (default 'kaiming'); those of an `Embedding` are A = 0 and B from N(0, 1). */
  init: optional(initKind, 'kaiming'),
  /**
   * Give each adapter a mask '….lora.mask' [r] of ones, a frozen parameter: a transform that decides on ranks returns
   * updates for it, components where it is 0 have no part, and `compact` removes them after training (default false).
   */
  mask: optional(boolean, false),
};

/** Size, scale, and which layers. */
export interface LoraOptions extends OptionsOf<typeof loraOptions> {}

/**
 * LoRA: hang s·B·A beside the weights of a model, in place, and freeze all else. B starts at zero (what a start puts there is
 * as a rule taken out of the weight), so the function is the same until the adapter has been trained. A layer whose weight
 * something else holds too (a tied head) is left alone, and the report says so.
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
  if (arguments.length > 2) refuseExtra('lora', arguments, 2);
  const read = readOptions('lora', loraOptions, options, 'model');
  const { rank: policy } = read;
  if (typeof policy === 'number' || !policy.adapter) return describedLowRank(attachLora('lora', model, read));
  return describedLowRank(attachOwn(model, policy, read));
}

/** The adapters of a policy that has its own. */
function attachOwn(model: Module, policy: RankPolicy, read: ValuesOf<typeof loraOptions>) {
  const { dropout, match, freezeA, init, mask } = read;
  if (freezeA || mask || init !== 'kaiming') throw ofLoraAlone(policy);
  const refusal = (layer: Adaptable): string | null =>
    layer instanceof Linear ? null : `not a Linear, which alone ${policy.name} adapts`;
  const rank = chosenRanks('lora', model, policy, match, refusal);
  return attachLowRank<OfLowRank>('lora', model, { ...read, rank }, (site) => {
    return { adapter: policy.adapter?.(site, { dropout }) as OfLowRank, shift: false };
  });
}

/** The adapters of LoRA, by the layer that hosts them. */
export type LoraAdapter = LoraLinear | LoraEmbedding;

/** `lora` for methods that train it in another way. */
export function attachLora(
  where: string,
  model: Module,
  read: ValuesOf<typeof loraOptions>,
): AdapterReport<AttachedLayer<LoraAdapter>> {
  const { dropout, freezeA, init, mask, rank: given, ...options } = read;
  const refusal = (layer: Adaptable): string | null => refused(layer, options.match === undefined, freezeA);
  const rank: number | ChosenRanks =
    typeof given === 'number' ? given : chosenRanks(where, model, given, options.match, refusal);
  const settings = typeof rank === 'number' ? { settings: read } : {};
  const report = attachLowRank<LoraAdapter>(where, model, { ...options, ...settings, rank }, (site, layer) => {
    const refused = refusal(layer);
    if (refused !== null) return refused;
    const { shift, ...factors } = firstFactors(where, init, layer, site);
    const masked = { ...factors, mask: mask ? ones([site.rank]) : null };
    const adapter =
      layer instanceof Linear ? new LoraLinear(masked, site.scale, dropout) : new LoraEmbedding(masked, site.scale);
    if (freezeA) adapter.freeze('A');
    return { adapter, shift };
  });
  // A file has no policy: each is as if it had been attached with the rank that was chosen.
  if (typeof rank !== 'number') for (const { adapter } of report.adapted) setPlain('lora', adapter, { freezeA, mask });
  return report;
}

/** Why LoRA leaves a layer alone, or null. */
function refused(layer: Adaptable, unmatched: boolean, freezeA: boolean): string | null {
  if (layer instanceof Linear) return null;
  if (!(layer instanceof Embedding)) return 'not a Linear or Embedding, for which alone lora has factors';
  if (unmatched) return 'an embedding, which only a match chooses';
  return freezeA ? 'an embedding, whose A starts at zero and cannot be frozen' : null;
}

function ofLoraAlone({ name }: RankPolicy): OptionError {
  return new OptionError({
    code: 'ranks/own-adapters',
    got: `lora got freezeA, mask or init beside the policy "${name}", which has adapters of its own`,
    expected: 'for such a policy alpha, rankStabilized, dropout, match and seed alone',
    fix: 'leave the others out: they are of the adapters of LoRA',
  });
}
