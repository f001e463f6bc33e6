import { OptionError } from '../base/errors';
import { fold, key } from '../base/key';
import { checkArgument } from '../base/options';
import type { Shape } from '../base/shape';
import type { Adapter } from '../nn/adapter';
import { moduleKind } from '../nn/kinds';
import { Embedding } from '../nn/layers/embedding';
import type { Linear } from '../nn/layers/linear';
import { type Match, type Module, matches } from '../nn/module';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import type { AdapterSite, DrawSite } from './first-factors';
import type { LowRankAdapter } from './low-rank-adapter';
import { parameterPath, type Site, sitesOf } from './sites';

/** One layer that has got an adapter. */
export interface AdaptedLayer {
  /** Dotted path of the layer; its factors are '….lora.A' and '….lora.B'. */
  readonly path: string;
  /** Of its weight. */
  readonly shape: Shape;
  /** r */
  readonly rank: number;
  /** s */
  readonly scale: number;
}

/** What attaching adapters has done to a model. */
export interface AdapterReport {
  /** The layers with an adapter, in the order of fields. */
  readonly adapted: readonly AdaptedLayer[];
  /** All other parameters, none of which is trained now, and why each is left alone. */
  readonly untouched: readonly {
    /** Of the parameter. */
    readonly path: string;
    /** In words. */
    readonly reason: string;
  }[];
  /** What was trainable before: `model.unfreeze((path) => report.frozen.includes(path))` takes the freezing back. */
  readonly frozen: readonly string[];
  /** Numbers that are trained now. */
  readonly trainable: number;
  /** All numbers, those of the adapters included. */
  readonly total: number;
}

/** What attaching needs to know, whatever the adapter. */
export interface AttachOptions {
  /** r, the rows of A. */
  readonly rank: number;
  /** α */
  readonly alpha: number;
  /** s = α/√r in place of α/r. */
  readonly rankStabilized: boolean;
  /** Which layers; by default every `Linear`. */
  readonly match: Match | undefined;
  /** What first values are drawn from. */
  readonly seed: number;
}

/** How a method makes its adapters. */
export interface Maker {
  /** Whether a layer can have one; anything but true is the reason why not. */
  takes(layer: Linear | Embedding): true | string;
  /** `shift`: take the product of the factors out of the weight, so that the function stays. */
  make(site: AdapterSite, layer: Linear | Embedding): { readonly adapter: LowRankAdapter; readonly shift: boolean };
}

/**
 * Make an adapter for every layer that matches and hang it in, and freeze all parameters that belong to no adapter.
 * All adapters are made before the first is hung in, so that each sees the model as it was.
 * @throws OptionError `adapter/no-match`, `options/range`
 */
export function attach(where: string, model: Module, options: AttachOptions, maker: Maker): AdapterReport {
  checkArgument(where, 'model', moduleKind, model);
  const scale = scaleOf(options);
  const reasons = new Map<string, string>();
  const chosen = sitesOf(model).filter((site) => {
    const verdict = verdictOn(site, options.match, maker);
    if (verdict !== true) reasons.set(parameterPath(site.path, 'weight'), verdict);
    return verdict === true;
  });
  if (chosen.length === 0) throw noMatch(where, reasons);
  noGrad(() => {
    const made = chosen.map(({ path, layer }) => ({
      layer,
      ...maker.make({ ...drawSite(path, layer.weight.shape, options, scale, 0), weight: layer.weight }, layer),
    }));
    for (const { layer, adapter, shift } of made) {
      layer.lora = adapter;
      if (shift) assign(layer.weight, adapter.mergedInto(layer.weight, -1));
    }
    return made; // so that the factors outlive the scope
  });
  return reportOn(model, chosen, reasons);
}

/** What factors are drawn for, at any stage. */
export function drawSite(
  path: string,
  shape: Shape,
  { rank, seed }: Pick<AttachOptions, 'rank' | 'seed'>,
  scale: number,
  stage: number,
): DrawSite {
  return { path, shape, rank, scale, key: fold(key(seed), path, 'adapter', stage), stage };
}

/** s */
function scaleOf({ rank, alpha, rankStabilized }: AttachOptions): number {
  return rankStabilized ? alpha / Math.sqrt(rank) : alpha / rank;
}

function verdictOn({ path, layer, shared }: Site, match: Match | undefined, maker: Maker): true | string {
  if (match === undefined && layer instanceof Embedding) return 'an embedding, which only a match chooses';
  if (match !== undefined && !matches(match, path)) return 'not matched';
  if (layer.lora) return 'has an adapter already';
  if (shared) return 'shared with another layer, which a merge would change too';
  return maker.takes(layer);
}

function reportOn(model: Module, chosen: readonly Site[], reasons: ReadonlyMap<string, string>): AdapterReport {
  const adapters = sitesOf(model).flatMap(({ layer }) => layer.lora ?? []);
  const factors = new Set(adapters.flatMap((adapter: Adapter) => Object.values(adapter.parameters())));
  const entries = Object.entries(model.parameters());
  const base = entries.filter(([, tensor]) => !factors.has(tensor)).map(([path]) => path);
  const frozen = Object.keys(model.parameters({ trainable: true })).filter((path) => base.includes(path));
  if (frozen.length > 0) model.freeze((path) => frozen.includes(path));
  const size = (options: { trainable?: boolean }): number =>
    Object.values(model.parameters(options)).reduce((sum, tensor) => sum + tensor.size, 0);
  const adapted = new Set(chosen.map(({ path }) => parameterPath(path, 'weight')));
  return {
    adapted: chosen.map(({ path, layer }) => {
      const { rank, scale } = layer.lora as LowRankAdapter;
      return { path, shape: layer.weight.shape, rank, scale };
    }),
    untouched: base
      .filter((path) => !adapted.has(path))
      .map((path) => ({ path, reason: reasons.get(path) ?? 'not the weight of a Linear or Embedding' })),
    frozen,
    trainable: size({ trainable: true }),
    total: size({}),
  };
}

function noMatch(where: string, reasons: ReadonlyMap<string, string>): OptionError {
  const last = ([, reason]: [string, string]): number => (reason === 'not matched' ? 1 : 0);
  const shown = [...reasons]
    .sort((a, b) => last(a) - last(b))
    .slice(0, 5)
    .map(([path, reason]) => `"${path}" (${reason})`);
  return new OptionError({
    code: 'adapter/no-match',
    got: `${where} found no layer to adapt`,
    expected: `a match of the path of a layer; there are ${shown.join(', ') || 'no layers that can be adapted'}`,
    fix: 'leave match out for every Linear, or match the path of a layer, without ".weight"',
  });
}
