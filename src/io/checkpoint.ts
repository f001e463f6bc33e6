import type { Key } from '../base/key';
import {
  choice,
  isPlainObject,
  type Kind,
  kindOf,
  optional,
  readOptions,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
  string,
} from '../base/options';
import { paramsKind } from '../tensor/kinds';
import { snapshotOf } from '../tensor/snapshot';
import type { Params } from '../tensor/tensor';
import { checkFinite, kept, olderOne } from './checkpoint-finite';
import { checkLike } from './checkpoint-like';
import {
  badFormat,
  type CheckpointRecord,
  damaged,
  type Part,
  parts,
  readRecord,
  recordWith,
} from './checkpoint-record';
import { crc32 } from './crc32';
import { type Json, JsonError, parseJson } from './json';
import { bytesKind } from './kinds';
import { decodeTensors, layOutWith } from './safetensors';
import { piecesOf } from './safetensors-pieces';
import { loadTree, saveTree } from './saved-tree';

/**
 * All that training needs to go on as if it had not stopped, to the bit. That so little is enough has three reasons: a
 * transform keeps all that it remembers in its state, a tree of plain data; what is random in a step is a function of the
 * seed and the number of the step, and a projection one of its key, so no generator has a position to save; and the record
 * names the kernels, since another build rounds otherwise (threads do not, see `kernels-here.ts`).
 */
export interface Checkpoint<S = unknown> {
  /** The model's parameters: `model.parameters()`. */
  readonly parameters: Params;
  /** The transform's state, `trainer(…).state`: any tree of tensors, numbers and strings. */
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
   * What the loaded ones will replace, such as `model.parameters()` and `transform.init(parameters)`: every name, shape
   * and dtype must agree.
   */
  readonly like?: {
    /** Those that the loaded parameters will replace. */
    readonly parameters?: Params;
    /** The state that the loaded one will replace. */
    readonly state?: S;
  };
  /**
   * 'same' (default): the kernels must be those that wrote the checkpoint, so that training goes on bit for bit.
   * 'any': other kernels may go on from it; their bits differ.
   */
  readonly kernels?: 'same' | 'any';
}

const anything = kindOf<unknown>('anything', () => true);

/** The fields that are checked here; `recordWith` checks the rest by the rules of the reader. */
const checkpointOptions = {
  parameters: required(paramsKind),
  state: required(kindOf<unknown>('a tree of tensors, numbers and strings', (value) => typeof value !== 'function')),
  steps: optional(anything as Kind<number>, undefined as unknown as number),
  keys: optional(anything as Kind<Readonly<Record<string, Key>>>, {}),
  position: optional(anything, null),
};

const filesOptions = {
  record: required(string),
  parameters: required(bytesKind),
  state: required(bytesKind),
};

/** Options of `decodeCheckpoint` and `loadCheckpoint`. */
export const loadCheckpointOptions = {
  like: optional(kindOf('{ parameters, state }, or one of them', isPlainObject)),
  kernels: optional(choice('same', 'any'), 'same'),
} satisfies SpecificationOf<LoadCheckpointOptions>;

/** A checkpoint that is whole, checked, and fixed at the moment it was given; only the files are still to be written. */
export interface PreparedCheckpoint {
  /** The bytes of one of the two files, one tensor after the other. */
  pieces(part: Part): AsyncIterable<Uint8Array>;
  /** The record, given the checksums of these bytes. */
  record(checksums: Readonly<Record<Part, number>>): string;
  readonly fileBytes: Readonly<Record<Part, number>>;
  /** Read all values once. @throws FileError `checkpoint/non-finite` */
  check(): Promise<void>;
  /** It is not needed any more. */
  release(): void;
}

/**
 * Take what a checkpoint holds as it is now, whatever is assigned later, and check it by the rules of reading.
 * @throws FileError `checkpoint/plain-data`, `safetensors/…`
 * @throws OptionError `options/unknown`, `options/range`, `checkpoint/keys`
 * @throws StateError `scope/freed`
 */
export function prepareCheckpoint(where: string, checkpoint: Checkpoint): PreparedCheckpoint {
  const { parameters, state, steps, keys, position } = readOptions(where, checkpointOptions, checkpoint);
  const { structure, tensors } = saveTree(state);
  const record = recordWith(where, { steps, keys, position, structure }, tensors);
  const params: Record<Part, Params> = { parameters, state: tensors };
  const layouts = { parameters: layOutWith(where, parameters, {}, {}), state: layOutWith(where, tensors, {}, {}) };
  const places = parts.map((part) => Object.entries(params[part]).map(([name, tensor]) => [`${part}/${name}`, tensor]));
  const snapshot = snapshotOf(Object.fromEntries(places.flat()) as Params);
  const read = (part: Part) => (name: string) => snapshot.read(`${part}/${name}`);
  return {
    pieces: (part) => piecesOf(layouts[part], read(part)),
    record,
    fileBytes: { parameters: layouts.parameters.fileBytes, state: layouts.state.fileBytes },
    async check() {
      for (const part of parts) {
        for (const name of Object.keys(params[part])) checkFinite(part, name, await read(part)(name), kept);
      }
    },
    release: snapshot.release,
  };
}

/**
 * The bytes of a checkpoint. `saveCheckpoint` of `floragrad/node` puts them into a folder.
 * @throws FileError `checkpoint/plain-data`, `checkpoint/non-finite`, `safetensors/…`
 * @throws OptionError `options/unknown`, `options/range`, `checkpoint/keys`
 */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<CheckpointFiles> {
  if (arguments.length > 1) refuseExtra('encodeCheckpoint', arguments, 1);
  const prepared = prepareCheckpoint('encodeCheckpoint', checkpoint);
  try {
    await prepared.check();
    const [parameters, state] = [await whole('parameters'), await whole('state')];
    return { record: prepared.record({ parameters: crc32(parameters), state: crc32(state) }), parameters, state };
  } finally {
    prepared.release();
  }

  async function whole(part: Part): Promise<Uint8Array> {
    const bytes = new Uint8Array(prepared.fileBytes[part]);
    let at = 0;
    for await (const piece of prepared.pieces(part)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}

/**
 * The checkpoint in these bytes, whole and unchanged or not at all.
 * @throws FileError `checkpoint/format`, `checkpoint/version`, `checkpoint/damaged`, `checkpoint/kernels`,
 * `checkpoint/structure`, `checkpoint/mismatch`, `checkpoint/non-finite`, `safetensors/…`
 * @throws OptionError `options/unknown`
 */
export function decodeCheckpoint<S = unknown>(
  files: CheckpointFiles,
  options: LoadCheckpointOptions<S> = {},
): Required<Checkpoint<S>> {
  if (arguments.length > 2) refuseExtra('decodeCheckpoint', arguments, 2);
  readOptions('decodeCheckpoint', filesOptions, files);
  const { kernels } = readOptionsOf<LoadCheckpointOptions<S>, typeof loadCheckpointOptions>(
    'decodeCheckpoint',
    loadCheckpointOptions,
    options,
  );
  const record = readRecord(parseRecord(files.record), kernels);
  for (const part of parts) if (record.checksums[part] !== crc32(files[part])) throw damaged(part);
  const read = (part: Part): Params =>
    decodeTensors(files[part], (name, values) => checkFinite(part, name, values, olderOne));
  return assembled(record, { parameters: read('parameters'), state: read('state') }, options);
}

function parseRecord(text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw badFormat(`JSON with ${cause.message}`, cause);
  }
}

/**
 * The checkpoint of a record and of the tensors in the two files beside it.
 * @throws FileError `checkpoint/structure`, `checkpoint/mismatch`
 */
export function assembled<S>(
  { steps, keys, position, structure }: CheckpointRecord,
  files: Readonly<Record<Part, Params>>,
  { like = {} }: LoadCheckpointOptions<S>,
): Required<Checkpoint<S>> {
  const { parameters } = files;
  const state = loadTree(structure, files.state);
  checkLike(parameters, state, like);
  return { parameters, state: state as S, steps, keys, position };
}
