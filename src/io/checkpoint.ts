import { backend } from '../backend/current';
import { checkOptions, FileError } from '../base/errors';
import type { Key } from '../base/key';
import type { Params } from '../tensor/tensor';
import { crc32 } from './crc32';
import { isCount, isRecord, type Json, JsonError, parseJson } from './json';
import { decodeSafetensors, encodeSafetensors } from './safetensors';
import { kindOf, loadTree, outline, saveTree } from './saved-tree';

/** All that training needs to go on as if it had not stopped. */
export interface Checkpoint<S = unknown> {
  /** Of the model: `model.parameters()`. */
  readonly parameters: Params;
  /** Of the transform: `trainer(…).state`. Any tree of tensors, numbers and strings. */
  readonly state: S;
  /** Steps taken: `trainer(…).steps`. */
  readonly steps: number;
  /** Keys of random streams, by any name. */
  readonly keys?: Readonly<Record<string, Key>>;
  /** Where the data stands, and whatever else is plain data: numbers, strings, lists and records. */
  readonly position?: unknown;
}

/** The bytes of a checkpoint. */
export interface CheckpointFiles {
  /** JSON: steps, keys, position, the structure of the state, the kernels, and checksums of the other two. */
  readonly record: string;
  /** A safetensors file of the parameters under their own names, which other tools read. */
  readonly parameters: Uint8Array;
  /** A safetensors file of the tensors in the state. */
  readonly state: Uint8Array;
}

/** What a checkpoint must agree with. */
export interface LoadCheckpointOptions<S = unknown> {
  /**
   * Parameters and state that the loaded ones will replace, such as `model.parameters()` and `transform.init(parameters)`:
   * every name, shape and dtype must agree.
   */
  readonly like?: { readonly parameters?: Params; readonly state?: S };
  /**
   * 'same' (default): the kernels must be those that wrote the checkpoint, so that training goes on bit for bit.
   * 'any': other kernels may go on from it; their bits differ.
   */
  readonly kernels?: 'same' | 'any';
}

const format = 'floragrad checkpoint';
const version = 1;

/**
 * The bytes of a checkpoint. `saveCheckpoint` of `floragrad/node` puts them into a folder.
 * @throws FileError `checkpoint/plain-data`, `safetensors/…`
 * @throws OptionError `options/unknown`
 */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<CheckpointFiles> {
  checkOptions('encodeCheckpoint', checkpoint, ['parameters', 'state', 'steps', 'keys', 'position']);
  const { steps, keys = {}, position = null } = checkpoint;
  const tree = saveTree(checkpoint.state);
  const place = saveTree(position);
  const [stray] = Object.keys(place.tensors);
  if (stray !== undefined) throw tensorInPosition(stray);
  const parameters = await encodeSafetensors(checkpoint.parameters);
  const state = await encodeSafetensors(tree.tensors);
  const record = {
    format,
    version,
    steps,
    keys: Object.entries(keys),
    position: place.structure,
    kernels: kernelsHere(),
    checksums: { parameters: crc32(parameters), state: crc32(state) },
    state: tree.structure,
  };
  return { record: JSON.stringify(record), parameters, state };
}

/**
 * The checkpoint in these bytes, whole and unchanged or not at all.
 * @throws FileError `checkpoint/format`, `checkpoint/version`, `checkpoint/damaged`, `checkpoint/kernels`,
 * `checkpoint/structure`, `checkpoint/mismatch`, `safetensors/…`
 * @throws OptionError `options/unknown`
 */
export function decodeCheckpoint<S = unknown>(
  files: CheckpointFiles,
  options: LoadCheckpointOptions<S> = {},
): Required<Checkpoint<S>> {
  try {
    return decodeRecord(parseJson(files.record), files, options);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw badFormat(`JSON with ${cause.message}`, cause);
  }
}

/** As `decodeCheckpoint`, with the record parsed. */
export function decodeRecord<S>(
  record: Json | undefined,
  files: Omit<CheckpointFiles, 'record'>,
  options: LoadCheckpointOptions<S>,
): Required<Checkpoint<S>> {
  checkOptions('loadCheckpoint', options, ['like', 'kernels']);
  const { like = {}, kernels = 'same' } = options;
  if (!isRecord(record) || record.get('format') !== format) throw badFormat(`no format "${format}"`);
  if (record.get('version') !== version) throw otherVersion(record.get('version'));
  const [checksums, steps] = [record.get('checksums'), record.get('steps')];
  for (const name of ['parameters', 'state'] as const) {
    if (!isRecord(checksums) || checksums.get(name) !== crc32(files[name])) throw damaged(name);
  }
  if (kernels === 'same') checkKernels(record.get('kernels'));
  if (!isCount(steps)) throw badFormat('steps that are no count');
  const parameters = decodeSafetensors(files.parameters);
  const state = loadTree(record.get('state') ?? null, decodeSafetensors(files.state));
  checkLike(parameters, state, like);
  const position = loadTree(record.get('position') ?? null, {});
  return { parameters, state: state as S, steps, keys: readKeys(record.get('keys')), position };
}

function readKeys(keys: Json | undefined): Record<string, Key> {
  const word = (x: Json | undefined): x is number => isCount(x) && x < 2 ** 32;
  const pairs = (Array.isArray(keys) ? keys : [null]).map((pair: Json) => {
    const [name, key] = Array.isArray(pair) ? pair : [];
    const [a, b, ...more] = Array.isArray(key) ? key : [];
    if (typeof name !== 'string' || !word(a) || !word(b) || more.length > 0) throw badFormat('keys that are no keys');
    return [name, [a, b] as const] as const;
  });
  return Object.fromEntries(pairs);
}

/** What decides the bits of results, besides the program: threads do not. */
function kernelsHere(): Record<string, string> {
  const { backend: name, build, kernels } = backend().describe();
  const facts = Object.entries({ backend: name, build, kernels }).filter(([, fact]) => fact !== undefined);
  return Object.fromEntries(facts.map(([name, fact]) => [name, String(fact)]));
}

function checkKernels(saved: Json | undefined): void {
  const here = kernelsHere();
  const there = isRecord(saved) ? Object.fromEntries(saved) : {};
  const names = new Set([...Object.keys(here), ...Object.keys(there)]);
  if ([...names].every((name) => here[name] === there[name])) return;
  const text = (facts: Readonly<Record<string, Json>>): string => Object.values(facts).join(' ');
  throw new FileError({
    code: 'checkpoint/kernels',
    got: `a checkpoint of the kernels "${text(there)}" was loaded where "${text(here)}" run`,
    expected: 'the same kernels, so that training goes on bit for bit',
    fix: "set the backend that it was saved on, as in setBackend(wasmBackend({ build: 'baseline' })), or pass { kernels: 'any' } and go on with other roundings",
  });
}

/** Every difference of names, shapes and dtypes, in one error. */
function checkLike(parameters: Params, state: unknown, like: { parameters?: Params; state?: unknown }): void {
  const kinds = (params: Params): Map<string, string> =>
    new Map(Object.entries(params).map(([name, tensor]) => [name, kindOf(tensor)]));
  const found = [
    ...(like.parameters ? differences('parameter ', kinds(like.parameters), kinds(parameters)) : []),
    ...(like.state === undefined ? [] : differences('state', outline(like.state), outline(state))),
  ];
  if (found.length === 0) return;
  const more = found.length > 20 ? [`and ${found.length - 20} more`] : [];
  throw new FileError({
    code: 'checkpoint/mismatch',
    got: `a checkpoint has ${[...found.slice(0, 20), ...more].join('; ')}`,
    expected: 'the names, shapes and dtypes of what it is loaded into',
    fix: 'build the model and the transform with the options that they were saved with',
  });
}

function differences(what: string, wanted: ReadonlyMap<string, string>, got: ReadonlyMap<string, string>): string[] {
  const quoted = (place: string): string => (what === 'state' ? `state${place}` : `${what}"${place}"`);
  const missing = [...wanted].filter(([place]) => !got.has(place)).map(([place]) => `no ${quoted(place)}`);
  const unexpected = [...got]
    .filter(([place]) => !wanted.has(place))
    .map(([place]) => `an unexpected ${quoted(place)}`);
  const other = [...got].flatMap(([place, kind]) => {
    const right = wanted.get(place);
    return right === undefined || right === kind ? [] : [`${quoted(place)} ${kind} in place of ${right}`];
  });
  return [...missing, ...unexpected, ...other];
}

function tensorInPosition(place: string): FileError {
  return new FileError({
    code: 'checkpoint/plain-data',
    got: `the position of a checkpoint has a tensor at "${place}"`,
    expected: 'numbers, strings, booleans and null in lists and plain records',
    fix: 'keep the numbers that the data can be made from again, such as a seed and a count',
  });
}

function badFormat(what: string, cause?: unknown): FileError {
  return new FileError(
    {
      code: 'checkpoint/format',
      got: `the record of a checkpoint has ${what}`,
      expected: 'what saveCheckpoint wrote',
      fix: 'load a folder that saveCheckpoint made, unchanged',
    },
    { cause },
  );
}

function otherVersion(found: Json | undefined): FileError {
  return new FileError({
    code: 'checkpoint/version',
    got: `a checkpoint of version ${JSON.stringify(found ?? null)}`,
    expected: `version ${version}`,
    fix: 'load it with the version of floragrad that saved it; its tensors are safetensors files, which any version reads',
  });
}

function damaged(file: string): FileError {
  return new FileError({
    code: 'checkpoint/damaged',
    got: `the ${file} of a checkpoint are not the bytes that were saved`,
    expected: 'the checksum in its record',
    fix: 'copy the checkpoint again, or go back to an older one',
  });
}
