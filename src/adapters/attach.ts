import { OptionError } from '../base/errors';
import { fold, type Key, key, seedKind } from '../base/key';
import {
  callable,
  checkArgument,
  kindOf,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
} from '../base/options';
import type { Shape } from '../base/shape';
import { type Adaptable, Adapter } from '../nn/adapter';
import { moduleKind } from '../nn/kinds';
import { type Match, type Module, matches, matchKind } from '../nn/module';
import { setOrigin } from './origin';
import { parameterPath, type Site, sitesOf } from './sites';

/** What an adapter is made for. */
export interface AdapterPlace {
  /** Dotted path of the layer. */
  readonly path: string;
  /** The layer as it is before any adapter is attached. */
  readonly layer: Adaptable;
  /** What first values are drawn from: a function of the seed and the path. */
  readonly key: Key;
}

/** Which layers get an adapter, and which. */
export interface AttachOptions<A extends Adapter> {
  /**
   * The adapter of a layer, or the reason why it gets none, in words. It starts without effect: the function of the layer
   * stays as it is.
   */
  readonly make: (place: AdapterPlace) => A | string;
  /** Which layers, by their path; a string matches everything below it too (default: all that can host an adapter). */
  readonly match?: Match | undefined;
  /** What first values are drawn from (default 0). */
  readonly seed?: number | undefined;
}

const attachOptions = {
  make: required(callable<AttachOptions<Adapter>['make']>('of a layer that returns its adapter, or a reason')),
  match: optional(matchKind),
  seed: optional(seedKind, 0),
} satisfies SpecificationOf<AttachOptions<Adapter>>;

const madeKind = kindOf<Adapter | string>(
  'an instance of a class that extends Adapter, or a string: the reason why the layer gets none',
  (value) => value instanceof Adapter || typeof value === 'string',
);

/** One layer that has got an adapter. */
export interface AttachedLayer<A extends Adapter> {
  /** Dotted path of the layer; the parameters of its adapter are '….lora.NAME'. */
  readonly path: string;
  /** The layer. */
  readonly layer: Adaptable;
  /** Its adapter. */
  readonly adapter: A;
}

/** One layer with an adapter of low rank. */
export interface AdaptedLayer {
  /** Dotted path of the layer; its factors are '….lora.A' and '….lora.B'. */
  readonly path: string;
  /** Shape of its weight. */
  readonly shape: Shape;
  /** r */
  readonly rank: number;
  /** s */
  readonly scale: number;
}

/** What attaching adapters has done to a model. */
export interface AdapterReport<Layer = AdaptedLayer> {
  /** The layers with an adapter, in the order of fields. */
  readonly adapted: readonly Layer[];
  /** All other parameters, none of which is trained now, and why each is left alone. */
  readonly untouched: readonly {
    /** The parameter's path. */
    readonly path: string;
    /** Why, in words. */
    readonly reason: string;
  }[];
  /** What was trainable before: `model.unfreeze((path) => report.frozen.includes(path))` takes the freezing back. */
  readonly frozen: readonly string[];
  /** Numbers that are trained now. */
  readonly trainable: number;
  /** All numbers, those of the adapters included. */
  readonly total: number;
}

/**
 * Make an adapter for every layer that matches, attach it, and freeze all parameters that belong to no adapter. All
 * adapters are made before the first is attached, so that each sees the model as it was. A layer whose weight something
 * else holds too (a tied head) is left alone, and so is one that has an adapter.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @example
 * class Gain extends Adapter {
 *   gain = zeros([1]);
 *   readonly additive = false;
 *   forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
 *     return linear(x, this.mergedInto(weight, 1), bias ?? undefined);
 *   }
 *   override mergedInto(weight: Tensor, fraction: number): Tensor {
 *     return mul(weight, add(mul(this.gain, fraction), 1)); // W·(1 + g)
 *   }
 * }
 * const model = new MLP({ sizes: [8, 8, 2], key: random.key(0) });
 * attachAdapters(model, { make: () => new Gain(), match: 'layers.1' });
 * console.log(Object.keys(model.parameters({ trainable: true }))); // prints [ 'layers.1.lora.gain' ]
 */
export function attachAdapters<A extends Adapter>(
  model: Module,
  options: AttachOptions<A>,
): AdapterReport<AttachedLayer<A>> {
  if (arguments.length > 2) refuseExtra('attachAdapters', arguments, 2);
  return attach(
    'attachAdapters',
    model,
    readOptionsOf<AttachOptions<A>, typeof attachOptions>('attachAdapters', attachOptions, options),
  );
}

/** What `attach` gets beside the options that users give. */
export interface AttachParts<A extends Adapter> extends AttachOptions<A> {
  readonly seed: number;
  /** All options of the method, read, where `adapterMethods` has a line for it: with them a file makes the adapters again. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** `attachAdapters` under another name in messages, the method's, with options that are read already. */
export function attach<A extends Adapter>(
  where: string,
  model: Module,
  { make, match, seed, settings }: AttachParts<A>,
): AdapterReport<AttachedLayer<A>> {
  checkArgument(where, 'model', moduleKind, model);
  const reasons = new Map<string, string>();
  const made = sitesOf(model).flatMap((site) => {
    const { path, layer } = site;
    const adapter = obstacle(site, match) ?? make({ path, layer, key: adapterKey(seed, path, 0) });
    checkArgument(where, 'the result of make', madeKind, adapter);
    if (typeof adapter !== 'string') return [{ path, layer, adapter }];
    reasons.set(parameterPath(path, 'weight'), adapter);
    return [];
  });
  if (made.length === 0) throw noMatch(where, reasons);
  for (const { layer, adapter } of made) layer.lora = adapter;
  const origin = settings && { method: where, settings };
  if (origin) for (const { adapter } of made) setOrigin(adapter, origin);
  return reportOn(model, made, reasons);
}

/** What the first values of an adapter are drawn from; the stage counts how often it has started anew. */
export function adapterKey(seed: number, path: string, stage: number): Key {
  return fold(key(seed), path, 'adapter', stage);
}

/** Why a layer can have no adapter, whatever the method. */
export function obstacle({ path, layer, shared }: Site, match: Match | undefined): string | undefined {
  if (match !== undefined && !matches(match, path)) return 'not matched';
  if (layer.lora) return 'has an adapter already';
  if (shared) return 'shared with another layer, which a merge would change too';
  return undefined;
}

function reportOn<A extends Adapter>(
  model: Module,
  adapted: readonly AttachedLayer<A>[],
  reasons: ReadonlyMap<string, string>,
): AdapterReport<AttachedLayer<A>> {
  const adapters = sitesOf(model).flatMap(({ layer }) => layer.lora ?? []);
  const ofAdapters = new Set(adapters.flatMap((adapter) => Object.values(adapter.parameters())));
  const entries = Object.entries(model.parameters());
  const base = entries.filter(([, tensor]) => !ofAdapters.has(tensor)).map(([path]) => path);
  const frozen = Object.keys(model.parameters({ trainable: true })).filter((path) => base.includes(path));
  if (frozen.length > 0) model.freeze((path) => frozen.includes(path));
  const size = (options: { trainable?: boolean }): number =>
    Object.values(model.parameters(options)).reduce((sum, tensor) => sum + tensor.size, 0);
  const weights = new Set(adapted.map(({ path }) => parameterPath(path, 'weight')));
  return {
    adapted,
    untouched: base
      .filter((path) => !weights.has(path))
      .map((path) => ({ path, reason: reasons.get(path) ?? 'not the weight of a layer that hosts adapters' })),
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
    expected: `a match of the path of a layer; there are ${shown.join(', ') || 'no layers that can host an adapter'}`,
    fix: 'leave match out for every layer that the method takes, or match the path of a layer, without ".weight"',
  });
}
