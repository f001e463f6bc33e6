import { FileError, OptionError } from '../base/errors';
import type { Key } from '../base/key';
import { checkArgument, whole } from '../base/options';
import type { Params } from '../tensor/tensor';
import { isCount, isRecord, type Json, JsonError, parseJson } from './json';
import { checkKernels, kernelsHere } from './kernels-here';
import { longestJson } from './limits';
import { loadTree, saveTree } from './saved-tree';

/** The two files of tensors beside a record. */
export const parts = ['parameters', 'state'] as const;
export type Part = (typeof parts)[number];

/** What the record of a checkpoint says. */
export interface CheckpointRecord {
  readonly steps: number;
  readonly keys: Readonly<Record<string, Key>>;
  readonly position: unknown;
  /** The structure of the state; its tensors are in a file of their own. */
  readonly structure: Json;
  readonly checksums: Readonly<Record<Part, number>>;
}

const format = 'floragrad checkpoint';
const version = 1;

/**
 * The text of a record, given the checksums of the two files. Everything else is checked now, and by the reader itself.
 * @throws FileError `checkpoint/plain-data`
 * @throws OptionError `options/range`, `checkpoint/keys`
 */
export function recordWith(
  where: string,
  given: { readonly steps: unknown; readonly keys: unknown; readonly position: unknown; readonly structure: unknown },
  tensors: Params,
): (checksums: Readonly<Record<Part, number>>) => string {
  const { steps, keys, position, structure } = given;
  checkArgument(where, 'steps', stepCount, steps);
  const place = saveTree(position);
  const [stray] = Object.keys(place.tensors);
  if (stray !== undefined) throw tensorInPosition(stray);
  // A text now: what is given may change while the tensors are written.
  const said = JSON.stringify({
    format,
    version,
    steps,
    keys: keysOf(where, keys),
    position: place.structure,
    kernels: kernelsHere(),
    state: structure,
  });
  const textOf = (checksums: Readonly<Record<Part, number>>): string =>
    `${said.slice(0, -1)},"checksums":${JSON.stringify(checksums)}}`;
  checkReadable(textOf({ parameters: 2 ** 32 - 1, state: 2 ** 32 - 1 }), tensors);
  return textOf;
}

/** What is written is what can be read. */
function checkReadable(text: string, tensors: Params): void {
  try {
    const { length } = new TextEncoder().encode(text);
    if (length > longestJson) throw new JsonError(`${length} bytes, more than ${longestJson}`);
    const { structure } = readRecord(parseJson(text), 'any');
    loadTree(structure, tensors);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new FileError(
      {
        code: 'checkpoint/plain-data',
        got: `state, keys and position of a checkpoint make JSON with ${cause.message}`,
        expected: 'plain data that the record of a checkpoint can hold',
        fix: 'keep long lists of numbers in tensors of the state, or in a file of their own',
      },
      { cause },
    );
  }
}

/**
 * What a record says, every part of it checked. `kernels` as in `LoadCheckpointOptions`.
 * @throws FileError `checkpoint/format`, `checkpoint/version`, `checkpoint/kernels`, `checkpoint/structure`
 */
export function readRecord(record: Json | undefined, kernels: 'same' | 'any'): CheckpointRecord {
  if (!isRecord(record) || record.get('format') !== format) throw badFormat(`no format "${format}"`);
  if (record.get('version') !== version) throw otherVersion(record.get('version'));
  if (kernels === 'same') checkKernels(record.get('kernels'));
  const [steps, sums] = [record.get('steps'), record.get('checksums')];
  if (!isCount(steps)) throw badFormat('steps that are no count');
  const [parameters, state] = parts.map((part) => (isRecord(sums) ? sums.get(part) : undefined));
  if (!isWord(parameters) || !isWord(state)) throw badFormat('no checksums');
  return {
    steps,
    keys: readKeys(record.get('keys')),
    position: loadTree(record.get('position') ?? null, {}),
    structure: record.get('state') ?? null,
    checksums: { parameters, state },
  };
}

const isWord = (x: Json | undefined): x is number => isCount(x) && x < 2 ** 32;

/** The one rule for keys, in memory and in files. */
const isKey = (x: unknown): x is Key => Array.isArray(x) && x.length === 2 && isWord(x[0]) && isWord(x[1]);

function readKeys(keys: Json | undefined): Record<string, Key> {
  const pairs = (Array.isArray(keys) ? keys : [null]).map((pair: Json) => {
    const [name, key] = Array.isArray(pair) ? pair : [];
    if (typeof name !== 'string' || !isKey(key)) throw badFormat('keys that are no keys');
    return [name, key] as const;
  });
  return Object.fromEntries(pairs);
}

function keysOf(where: string, keys: unknown): readonly (readonly [string, Key])[] {
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) throw noKey(where, 'keys', keys);
  return Object.entries(keys).map(([name, key]) => {
    if (!isKey(key)) throw noKey(where, `keys[${JSON.stringify(name)}]`, key);
    return [name, key];
  });
}

const stepCount = { ...whole({ low: 0 }), fix: () => 'pass the steps of the trainer' };

/** Something wrong, in few words whatever it is. */
function shown(x: unknown): string {
  if (typeof x === 'string') return JSON.stringify(x.slice(0, 40));
  if (Array.isArray(x))
    return x.length > 4
      ? `a list of ${x.length}`
      : `[${x.map((each) => (Array.isArray(each) ? 'a list' : shown(each))).join(', ')}]`;
  return typeof x === 'object' && x !== null ? `a ${x.constructor?.name ?? 'record'}` : String(x);
}

function noKey(where: string, name: string, found: unknown): OptionError {
  return new OptionError({
    code: 'checkpoint/keys',
    got: `${where} got ${name} = ${shown(found)}`,
    expected: 'a record of keys, each a list of two whole numbers from 0 to 2^32 - 1',
    fix: 'pass what random.key and random.fold return',
  });
}

function tensorInPosition(place: string): FileError {
  return new FileError({
    code: 'checkpoint/plain-data',
    got: `the position of a checkpoint has a tensor at "${place}"`,
    expected: 'numbers, strings, booleans and null in lists and plain records',
    fix: 'keep the numbers that the data can be made from again, such as a seed and a count',
  });
}

export function badFormat(what: string, cause?: unknown): FileError {
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

export function damaged(file: Part): FileError {
  return new FileError({
    code: 'checkpoint/damaged',
    got: `the ${file} of a checkpoint are not the bytes that were saved`,
    expected: 'the checksum in its record',
    fix: 'copy the checkpoint again, or go back to an older one',
  });
}
