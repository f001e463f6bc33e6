import { FileError, OptionError, ShapeError, StateError } from '../base/errors';
import { checkArgument, readOptions, refuseExtra } from '../base/options';
import { sameShape, show } from '../base/shape';
import {
  isSetting,
  ownerOf,
  type SavedAdapters,
  type SavedMethod,
  type SavedSetting,
  savedAdapters as savedOptions,
} from '../io/adapter-file';
import { brief } from '../io/limits';
import type { Adaptable, Adapter } from '../nn/adapter';
import { moduleKind } from '../nn/kinds';
import type { Module } from '../nn/module';
import { free } from '../tensor/lifetime';
import type { Params, Tensor } from '../tensor/tensor';
import { adapterMethods, type Reattached, unsaved } from './adapter-methods';
import { adaptersOf, someAdaptersOf } from './adapters-of';
import type { AdapterReport, AttachedLayer } from './attach';
import { type AdapterOrigin, isShifted, originOf } from './origin';
import { parameterPath, type Site, sitesOf } from './sites';

/**
 * The adapters of a model as `saveAdapters` and `encodeAdapters` take them: the functions that attached them, with their
 * settings, and the adapters' parameters. They belong to the weights that they stand beside, so that what has changed
 * these cannot be saved without them.
 * @throws FileError `adapter-file/not-saved`
 * @throws OptionError `adapter/none`
 * @example
 * const make = () => new MLP({ sizes: [4, 8, 2], key: random.key(0) });
 * const [model, other] = [make(), make()];
 * lora(model, { rank: 2, mask: true, match: 'layers.0' });
 * attachSaved(other, decodeAdapters(await encodeAdapters(savedAdapters(model))));
 * console.log(Object.keys(other.parameters({ trainable: true }))); // prints [ 'layers.0.lora.A', 'layers.0.lora.B' ]
 */
export function savedAdapters(model: Module): SavedAdapters {
  if (arguments.length > 1) refuseExtra('savedAdapters', arguments, 1);
  const calls = new Map<AdapterOrigin, string[]>();
  const params: [string, Tensor][] = [];
  for (const { path, adapter } of someAdaptersOf('savedAdapters', model)) {
    const origin = checkedOrigin(path, adapter);
    calls.set(origin, [...(calls.get(origin) ?? []), path]);
    for (const [name, tensor] of Object.entries(adapter.state()))
      params.push([parameterPath(path, `lora.${name}`), tensor]);
  }
  return {
    methods: [...calls].map(([origin, paths]) => ({ method: origin.method, settings: settingsOf(origin), paths })),
    params: Object.fromEntries(params),
  };
}

function checkedOrigin(path: string, adapter: Adapter): AdapterOrigin {
  const origin = originOf(adapter);
  if (!origin) throw notSaved(`an adapter of "${path}" that no method of the library has attached as it is now`);
  const { method } = origin;
  if (!Object.hasOwn(adapterMethods, method)) {
    const why = Object.hasOwn(unsaved, method) ? `: ${unsaved[method]}` : ', which no file of adapters has a place for';
    throw notSaved(`adapters of ${method}${why}`);
  }
  if (isShifted(adapter)) throw notSaved(`an adapter of "${path}" whose start has changed the weight`);
  return origin;
}

/**
 * What JSON can hold. Which layers is said by their paths; what a function has drawn first values from is in the parameters,
 * or it has changed the weight.
 */
function settingsOf({ method, settings }: AdapterOrigin): Readonly<Record<string, SavedSetting>> {
  const kept = Object.entries(settings).filter(([name, value]) => {
    return value !== undefined && name !== 'match' && !(name === 'init' && typeof value === 'function');
  });
  const other = kept.find(([, value]) => !isSetting(value));
  if (other) throw notSaved(`adapters of ${method} whose ${other[0]} is nothing that JSON can hold`);
  return Object.fromEntries(kept) as Record<string, SavedSetting>;
}

/**
 * Attach adapters that were saved, by the methods and the settings that made them, with the parameters that they had, and
 * freeze all else: all of them or, if it throws, none. The model has the weights that they were trained beside.
 * @throws FileError `adapter-file/method`, `adapter-file/settings`, `adapter-file/model`
 * @throws OptionError `options/…`
 */
export function attachSaved(model: Module, saved: SavedAdapters): AdapterReport<AttachedLayer<Adapter>> {
  if (arguments.length > 2) refuseExtra('attachSaved', arguments, 2);
  checkArgument('attachSaved', 'model', moduleKind, model);
  const { methods, params } = readOptions('attachSaved', savedOptions, saved, 'model');
  if (methods.length === 0) throw unknownMethod('no method at all');
  const sites = new Map(sitesOf(model).map((site) => [site.path, site]));
  for (const { method, settings, paths } of methods) {
    if (!Object.hasOwn(adapterMethods, method)) throw unknownMethod(`the method ${brief(method)}`);
    for (const path of paths) checkSite(path, sites.get(path));
    checkRank(method, settings, paths, params);
  }
  const reports: Reattached[] = [];
  try {
    for (const row of methods) reports.push(again(model, row));
    fill(model, methods, params);
  } catch (cause) {
    for (const path of methods.flatMap(({ paths }) => paths)) discard((sites.get(path) as Site).layer);
    const frozen = new Set(reports.flatMap((report) => report.frozen));
    if (frozen.size > 0) model.unfreeze((path) => frozen.has(path));
    throw cause;
  }
  const paths = new Set(methods.flatMap((row) => row.paths));
  const weights = new Set([...paths].map((path) => parameterPath(path, 'weight')));
  const { untouched, trainable, total } = reports.at(-1) as Reattached;
  return {
    adapted: adaptersOf(model).filter(({ path }) => paths.has(path)),
    untouched: untouched.filter(({ path }) => !weights.has(path)),
    frozen: reports.flatMap((report) => report.frozen),
    trainable,
    total,
  };
}

/** Take an adapter away that was made for nothing, and free its memory now. */
function discard(layer: Adaptable): void {
  const state = layer.lora?.state() ?? {};
  layer.lora = null;
  for (const { value } of Object.values(state)) if (value.freedBy === null) free(value, 'attachSaved');
}

/** Call a method with its settings, for its paths. */
function again(model: Module, { method, settings, paths }: SavedMethod): Reattached {
  const wanted = new Set(paths);
  const attach = adapterMethods[method] as NonNullable<(typeof adapterMethods)[string]>;
  try {
    const report = attach(model, { ...settings, match: (path: string) => wanted.has(path) } as never);
    const left = paths.find((path) => !report.adapted.some((layer) => layer.path === path));
    if (left === undefined) return report;
    const { reason } = report.untouched.find(({ path }) => path === parameterPath(left, 'weight')) ?? {
      reason: 'left',
    };
    throw wrongModel(`${method} of "${left}", ${reason}`, 'layers that the method takes');
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    if (!(cause instanceof OptionError || cause instanceof ShapeError || cause instanceof StateError)) throw cause;
    throw new FileError(
      {
        code: 'adapter-file/settings',
        got: `a file of adapters has ${brief(method)} with settings that it refuses: ${cause.got}`,
        expected: cause.expected,
        fix: 'load files that this version of the library wrote, into a model of the same layers',
      },
      { cause },
    );
  }
}

/** Give the adapters their parameters, exactly those that they have. */
function fill(model: Module, methods: readonly SavedMethod[], params: Params): void {
  const paths = new Set(methods.flatMap((row) => row.paths));
  const found = adaptersOf(model).filter(({ path }) => paths.has(path));
  const own = found.map(({ path, adapter }) => {
    const state = Object.entries(adapter.state()).map(([name, tensor]) => {
      return [name, tensor, parameterPath(path, `lora.${name}`)] as const;
    });
    return { adapter, state };
  });
  const names = new Set(own.flatMap(({ state }) => state.map(([, , name]) => name)));
  const stray = Object.keys(params).find((name) => !names.has(name));
  if (stray !== undefined) throw wrongModel(`the tensor ${brief(stray)}`, 'the parameters of its adapters alone');
  const values = own.map(({ adapter, state }) => {
    const entries = state.map(([name, tensor, full]) => [name, fitting(full, tensor, params)] as const);
    return { adapter, values: Object.fromEntries(entries) };
  });
  for (const { adapter, values: given } of values) adapter.load(given);
}

function fitting(name: string, own: Tensor, params: Params): Tensor {
  const given = Object.hasOwn(params, name) ? params[name] : undefined;
  if (!given) throw wrongModel(`no tensor "${name}"`, 'all parameters of its adapters');
  if (sameShape(given.shape, own.shape) && given.dtype === own.dtype) return given;
  throw wrongModel(
    `"${name}" ${show(given.shape)} of dtype ${given.dtype}`,
    `${show(own.shape)} of dtype ${own.dtype}, as the model has it`,
  );
}

function checkSite(path: string, site: Site | undefined): void {
  if (!site) throw wrongModel(`adapters of "${path}", which is no layer of the model that hosts them`, 'its layers');
  if (!site.shared && !site.layer.lora) return;
  throw wrongModel(
    `adapters of "${path}", which the model ${site.shared ? 'shares' : 'has adapted already'}`,
    'a layer of its own',
  );
}

/** The settings that are extents of tensors. */
const extents = ['rank', 'maxRank', 'inner', 'experts'];

/** A rank that no tensor has would ask for memory that the file does not fill. */
function checkRank(method: string, settings: SavedMethod['settings'], paths: readonly string[], params: Params): void {
  const own = new Set(paths);
  const shapes = Object.entries(params).flatMap(([name, { shape }]) => {
    const owner = ownerOf(name);
    return owner !== null && own.has(owner) ? shape : [];
  });
  const largest = shapes.reduce((most, extent) => Math.max(most, extent), 0);
  const ranks = extents.flatMap((name) => (Object.hasOwn(settings, name) ? settings[name] : [])).flat();
  const rank = ranks.find((value) => typeof value === 'number' && value > largest);
  if (rank === undefined) return;
  throw wrongModel(`${brief(method)} of rank ${rank}, and tensors of at most ${largest}`, 'tensors of that rank');
}

function wrongModel(got: string, expected: string): FileError {
  return new FileError({
    code: 'adapter-file/model',
    got: `a file of adapters has ${got}`,
    expected,
    fix: 'attach it to a model of the same layers, with none of these adapted yet',
  });
}

function unknownMethod(got: string): FileError {
  return new FileError({
    code: 'adapter-file/method',
    got: `a file of adapters has ${got}`,
    expected: `methods of this library: ${Object.keys(adapterMethods).join(', ')}`,
    fix: 'attach it with the version that wrote it',
  });
}

function notSaved(got: string): FileError {
  return new FileError({
    code: 'adapter-file/not-saved',
    got: `savedAdapters got ${got}`,
    expected: 'adapters that their method, its settings and their parameters make again beside the same weights',
    fix: 'save the model: its parameters, or what is left after mergeAdapters and removeAdapters',
  });
}
