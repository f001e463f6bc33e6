import { OptionError } from '../../base/errors';
import { either, inMessage, type Kind, kindOf } from '../../base/options';
import type { Shape } from '../../base/shape';
import type { Adaptable } from '../../nn/adapter';
import type { Match, Module } from '../../nn/module';
import { extent } from '../../nn/options';
import type { Tensor } from '../../tensor/tensor';
import { obstacle } from '../attach';
import type { OfLowRank } from '../low-rank-adapter';
import { sitesOf } from '../sites';
import type { AdapterSite } from '../starts/first-factors';

/** A layer that may get an adapter, as a policy of ranks sees it. */
export interface RankSite {
  /** Dotted path of the layer. */
  readonly path: string;
  /** Its weight; for a `Linear` [out, in]. */
  readonly weight: Tensor;
  /** Shape of its weight. */
  readonly shape: Shape;
}

/** What a policy gives one layer. */
export interface SiteRank {
  /** r, a whole number; 0: the layer gets no adapter. */
  readonly rank: number;
  /** α of this layer, in place of the option of the method. The scale is α/r or, rank-stabilised, α/√r of its own r. */
  readonly alpha?: number | undefined;
  /** Why it gets no adapter, in words, for the report. */
  readonly reason?: string | undefined;
}

/**
 * What chooses the ranks of adapters, layer by layer, before training: in the place of the number, `lora(model, { rank: policy })`.
 * The scale of a layer is α over its own rank (over the root of it, rank-stabilised). `goraRanks`, `geLoraRanks` and
 * `weLoreRanks` make some, and `adaLora` one that goes on choosing; any object of this form will do.
 * @example
 * const model = new MLP({ sizes: [8, 16, 2], key: random.key(0) });
 * const quarter: RankPolicy = {
 *   name: 'a quarter of the smaller side',
 *   ranks: (sites) => sites.map(({ shape }) => ({ rank: Math.floor(Math.min(...shape) / 4) })),
 * };
 * const { adapted, untouched } = lora(model, { rank: quarter });
 * console.log(adapted.map(({ path, rank }) => `${path} ${rank}`)); // prints [ 'layers.0 2' ]
 * console.log(untouched[1]?.reason); // prints rank 0 by a quarter of the smaller side
 */
export interface RankPolicy {
  /** For reports and messages. */
  readonly name: string;
  /** The rank of each of these layers, in their order. They are those that match and can have an adapter. */
  ranks(sites: readonly RankSite[]): readonly SiteRank[];
  /**
   * The adapter of a layer, for policies whose adapters are not LoRA's: it starts without effect, and `lora`'s options of
   * how factors start have no part in it. Only `Linear` layers get one.
   */
  adapter?(site: AdapterSite, settings: RankedAdapterSettings): OfLowRank;
}

/** The options of `lora` that the adapters of a policy have too. */
export interface RankedAdapterSettings {
  /** Probability of zeroing an element of what the adapter sees. */
  readonly dropout: number;
}

const rankPolicyKind: Kind<RankPolicy> = {
  ...kindOf<RankPolicy>('a policy of ranks such as goraRanks({ … })', (value) => {
    const { name, ranks } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return typeof name === 'string' && typeof ranks === 'function';
  }),
};

/** A rank for all layers, or what chooses one for each. */
export const rankKind: Kind<number | RankPolicy> = either(extent, rankPolicyKind);

/** A rank that has been checked, with the reason where it is 0. */
export type Chosen = SiteRank & { readonly reason: string };

/** By the path of the layer. */
export type ChosenRanks = ReadonlyMap<string, Chosen>;

/** Ask a policy for the ranks of all layers that match and are not refused. @throws OptionError `ranks/choice` */
export function chosenRanks(
  where: string,
  model: Module,
  policy: RankPolicy,
  match: Match | undefined,
  refused: (layer: Adaptable) => string | null,
): ChosenRanks {
  const open = sitesOf(model).filter((site) => obstacle(site, match) === undefined);
  const refusals = open.flatMap(({ path, layer }): [string, Chosen][] => {
    const reason = refused(layer);
    return reason === null ? [] : [[path, { rank: 0, reason }]];
  });
  const left = open.filter(({ layer }) => refused(layer) === null);
  if (left.length === 0) return new Map(refusals);
  const ranks = policy.ranks(left.map(({ path, layer: { weight } }) => ({ path, weight, shape: weight.shape })));
  const valid = Array.isArray(ranks) && ranks.length === left.length && ranks.every(isSiteRank);
  if (!valid) throw badChoice(where, policy, left.length, ranks);
  const chosen = left.map(({ path }, i): [string, Chosen] => {
    const { reason = `rank 0 by ${policy.name}`, ...one } = ranks[i] as SiteRank;
    return [path, { ...one, reason }];
  });
  return new Map([...refusals, ...chosen]);
}

function isSiteRank(value: unknown): boolean {
  const { rank, alpha, reason } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const counts = Number.isSafeInteger(rank) && (rank as number) >= 0;
  return (
    counts && (alpha === undefined || Number.isFinite(alpha)) && (reason === undefined || typeof reason === 'string')
  );
}

function badChoice(where: string, { name }: RankPolicy, count: number, ranks: unknown): OptionError {
  const wrong = Array.isArray(ranks) && ranks.length === count ? ranks.find((one) => !isSiteRank(one)) : ranks;
  return new OptionError({
    code: 'ranks/choice',
    got: `${where} got from the policy "${name}" for ${count} layers ${inMessage(wrong)}`,
    expected: 'an array with { rank, alpha, reason } for each layer, the rank a whole number ≥ 0, the others optional',
    fix: 'return sites.map((site) => ({ rank: … })), with Math.round around what is not whole',
  });
}
