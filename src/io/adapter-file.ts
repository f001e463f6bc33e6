import { FileError } from '../base/errors';
import {
  checkArgument,
  isPlainObject,
  type Kind,
  kindOf,
  listOf,
  type OptionsOf,
  readOptions,
  refuseExtra,
  required,
  string,
} from '../base/options';
import { checkParams } from '../tensor/check';
import { paramsKind } from '../tensor/kinds';
import type { Params } from '../tensor/tensor';
import { isRecord, type Json, JsonError, parseJson } from './json';
import { bytesKind } from './kinds';
import { brief } from './limits';
import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from './safetensors';

/** A value that JSON can hold. */
export type SavedSetting =
  | null
  | boolean
  | number
  | string
  | readonly SavedSetting[]
  | { readonly [name: string]: SavedSetting };

/** What one call has attached, and how it was called. */
export interface SavedMethod {
  /** Name of the function: 'lora', 'lors' … */
  readonly method: string;
  /** Its options, but for which layers, and for what was only there to draw first values. */
  readonly settings: Readonly<Record<string, SavedSetting>>;
  /** The layers. */
  readonly paths: readonly string[];
}

const savedMethodKind: Kind<SavedMethod> = kindOf(
  '{ method, settings, paths }, with settings that JSON can hold',
  (value) => {
    const { method, settings, paths } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return string.fits(method) && isPlainObject(settings) && isSetting(settings) && listOf(string).fits(paths);
  },
);

/** What a file of adapters has; also read where they are attached. */
export const savedAdapters = {
  /** What was called; no path twice. */
  methods: required(listOf(savedMethodKind)),
  /** Parameters and buffers of all adapters, by their paths in the model: '<path>.lora.NAME'. */
  params: required(paramsKind),
};

/** Adapters of any method as plain data: what made them, and their parameters. */
export interface SavedAdapters extends OptionsOf<typeof savedAdapters> {}

/** Whether JSON gives back what it gets. */
export function isSetting(value: unknown): value is SavedSetting {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return Array.from(value).every(isSetting);
  return isPlainObject(value) && Object.values(value).every(isSetting);
}

const [format, version] = ['floragrad.adapter', '1'];

/**
 * The bytes of a file of adapters: their tensors in a safetensors file, with `format`, `version` and, as JSON, `methods` in
 * its metadata.
 * @throws FileError `adapter-file/format` where tensors and paths do not belong together, `safetensors/…`
 * @throws OptionError `options/…`
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * lora(model, { rank: 2 });
 * const bytes = await encodeAdapters(savedAdapters(model));
 * console.log(decodeAdapters(bytes).methods.map(({ method, paths }) => [method, paths])); // prints [ [ 'lora', [ 'layers.0' ] ] ]
 */
export async function encodeAdapters(saved: SavedAdapters): Promise<Uint8Array> {
  if (arguments.length > 1) refuseExtra('encodeAdapters', arguments, 1);
  const { params, metadata } = adapterFileIn('encodeAdapters', saved);
  return encodeSafetensors(params, metadata);
}

/** The tensors and the metadata of the file, checked in the name of another function. */
export function adapterFileIn(
  where: string,
  saved: SavedAdapters,
): { params: Params; metadata: Readonly<Record<string, string>> } {
  const { methods, params } = readOptions(where, savedAdapters, saved);
  checkParams(where, 'params', params);
  checkTogether(methods, params);
  const rows = methods.map(({ method, settings, paths }) => ({ method, settings, paths }));
  return { params, metadata: { format, version, methods: JSON.stringify(rows) } };
}

/**
 * The adapters in a file that `encodeAdapters` or `saveAdapters` wrote. The file is not trusted; whether its methods are known
 * here and its settings are right, `attachSaved` sees.
 * @throws FileError `adapter-file/format`, `safetensors/…`, `file/values`
 */
export function decodeAdapters(bytes: Uint8Array): SavedAdapters {
  if (arguments.length > 1) refuseExtra('decodeAdapters', arguments, 1);
  checkArgument('decodeAdapters', 'bytes', bytesKind, bytes);
  const metadata = safetensorsMetadata(bytes);
  if (metadata.format !== format) throw badFormat(`the format ${said(metadata.format)}`, `"${format}"`);
  if (metadata.version !== version) throw badFormat(`the version ${said(metadata.version)}`, `"${version}"`);
  const methods = readMethods(metadata.methods ?? '');
  const params = decodeSafetensors(bytes);
  checkTogether(methods, params);
  return { methods, params };
}

function readMethods(text: string): SavedMethod[] {
  const wrong = (): FileError => badFormat('methods of another form', 'a list of { method, settings, paths }');
  const rows = parse(text);
  if (!Array.isArray(rows)) throw wrong();
  return (rows as readonly Json[]).map((row) => {
    const plain = plainOf(row);
    if (!savedMethodKind.fits(plain) || Object.keys(plain).length !== 3) throw wrong();
    return plain;
  });
}

function parse(text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw badFormat(`methods with ${cause.message}`, 'JSON');
  }
}

/** Records as objects. */
function plainOf(value: Json): unknown {
  if (isRecord(value)) return Object.fromEntries([...value].map(([name, entry]) => [name, plainOf(entry)]));
  return Array.isArray(value) ? value.map(plainOf) : value;
}

/** Each path once, and each tensor of one of the paths. */
function checkTogether(methods: readonly SavedMethod[], params: Params): void {
  const paths = methods.flatMap((row) => row.paths);
  const known = new Set(paths);
  if (methods.length === 0 || methods.some((row) => row.paths.length === 0))
    throw badFormat('a method without a layer, or none at all', 'at least one layer for each');
  if (known.size < paths.length) throw badFormat('a layer twice', 'one adapter for each layer');
  for (const name of Object.keys(params)) {
    const owner = ownerOf(name);
    if (owner === null || !known.has(owner))
      throw badFormat(`the tensor ${brief(name)}, of none of its layers`, 'parameters "<path>.lora.NAME" alone');
  }
}

/** The layer whose adapter has the tensor, by its name; null for names of another form. */
export function ownerOf(name: string): string | null {
  const at = name.lastIndexOf('.lora.');
  if (at >= 0) return name.slice(0, at);
  return name.startsWith('lora.') ? '' : null;
}

const said = (text: string | undefined): string => (text === undefined ? 'of nothing' : brief(text));

function badFormat(got: string, expected: string): FileError {
  return new FileError({
    code: 'adapter-file/format',
    got: `a file of adapters has ${got}`,
    expected,
    fix: 'load what saveAdapters or encodeAdapters of this library wrote; PEFT’s folders are loaded with loadPeft',
  });
}
