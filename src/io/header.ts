import { FileError } from '../base/errors';
import { type Shape, show, sizeOf } from '../base/shape';
import { isCount, isRecord, type Json, JsonError, parseJson } from './json';
import { isStoredType, type StoredType, storedTypes } from './stored-type';

/** What the header of a safetensors file says of one tensor; `start` and `end` count from the first byte of the file. */
export interface Entry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

/** A header that has been checked against the bytes that follow it. */
export interface Header {
  /** In the order of the header. */
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** As in the reference implementation. */
export const longestHeader = 100_000_000; // bytes

/** Before the header: its length. */
export const lengthBytes = 8;

/** The one name in a header that is not a tensor's. */
export const metadataName = '__metadata__';

/**
 * Read and check the header of a safetensors file: `u64 length · JSON · bytes of the tensors`. The tensors must fill the
 * bytes after the header exactly, without a hole and without an overlap, so a file has one meaning and no hidden part.
 * `bytes` may end after the header, where the whole file has `fileBytes`.
 * @throws FileError `safetensors/header`, `safetensors/tensor`, `safetensors/layout`
 */
export function readHeader(bytes: Uint8Array, fileBytes = bytes.length): Header {
  if (bytes.length < lengthBytes) throw badHeader(`${bytes.length} bytes in all`, 'at least the 8 bytes of a length');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const base = lengthBytes + length;
  if (length > longestHeader) throw badHeader(`a header of ${length} bytes`, `at most ${longestHeader}`);
  if (base > fileBytes) throw badHeader(`a header of ${length} bytes in a file of ${fileBytes}`, 'a whole file');
  const json = parse(bytes.subarray(lengthBytes, base));
  if (!isRecord(json)) throw badHeader('JSON that is no record', 'a record of tensors');
  const entries: Entry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of json) {
    if (name === metadataName) metadata = readMetadata(value);
    else entries.push(readEntry(name, value, base, fileBytes));
  }
  checkLayout(entries, base, fileBytes);
  return { entries, metadata };
}

function parse(bytes: Uint8Array): Json {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const why = cause instanceof JsonError ? `a header with ${cause.message}` : 'a header that is not UTF-8';
    throw badHeader(why, 'JSON in UTF-8, each name once', cause);
  }
}

function readMetadata(value: Json): Record<string, string> {
  if (!isRecord(value)) throw badHeader(`${metadataName} that is no record`, 'a record of strings');
  const entries = [...value];
  const odd = entries.find(([, text]) => typeof text !== 'string');
  if (odd) throw badHeader(`${metadataName} with a ${JSON.stringify(odd[0])} that is no string`, 'strings alone');
  return Object.fromEntries(entries as [string, string][]);
}

const fields = ['dtype', 'shape', 'data_offsets'];

function readEntry(name: string, value: Json, base: number, fileBytes: number): Entry {
  const refuse = (got: string, expected: string): FileError => badTensor(name, got, expected);
  if (!isRecord(value)) throw refuse('no record', `a record of ${fields.join(', ')}`);
  const strange = [...value.keys()].find((field) => !fields.includes(field));
  if (strange !== undefined) throw refuse(`the field ${JSON.stringify(strange)}`, `${fields.join(', ')} alone`);
  const type = value.get('dtype');
  if (typeof type !== 'string' || !isStoredType(type)) {
    throw refuse(`dtype ${JSON.stringify(type ?? null)}`, `one of ${Object.keys(storedTypes).join(', ')}`);
  }
  const shape = readShape(value.get('shape'));
  if (shape === null) throw refuse('a shape that is no list of sizes, or too large', 'whole numbers ≥ 0');
  const offsets = value.get('data_offsets');
  const [from, to] = Array.isArray(offsets) && offsets.length === 2 ? offsets : [null, null];
  if (!isCount(from) || !isCount(to)) throw refuse('data_offsets that are no two places', 'whole numbers ≥ 0');
  const [start, end] = [base + from, base + to];
  if (from > to || end > fileBytes) {
    throw refuse(`data_offsets [${from}, ${to}]`, `places in the ${fileBytes - base} bytes after the header`);
  }
  const needed = sizeOf(shape) * storedTypes[type].bytes;
  if (end - start !== needed) throw refuse(`${end - start} bytes`, `${needed}, for ${show(shape)} of ${type}`);
  return { name, type, shape, start, end };
}

/** More elements than any memory here has; what is empty must stay below it along its other axes. */
const mostElements = 2 ** 32;

/** A shape from a file, or null. Extents are multiplied one by one, so that no product is ever rounded. */
export function readShape(value: Json | undefined): Shape | null {
  if (!Array.isArray(value) || !value.every(isCount)) return null;
  let elements = 1;
  for (const extent of value) {
    elements *= Math.max(extent, 1);
    if (elements > mostElements) return null;
  }
  return value;
}

function checkLayout(entries: readonly Entry[], base: number, fileBytes: number): void {
  let [end, before] = [base, 'the header'];
  for (const entry of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (entry.start !== end) throw badLayout(entry.start < end, before, JSON.stringify(entry.name));
    [end, before] = [entry.end, JSON.stringify(entry.name)];
  }
  if (end !== fileBytes) throw badLayout(false, before, 'the end of the file');
}

function badHeader(got: string, expected: string, cause?: unknown): FileError {
  return new FileError(
    {
      code: 'safetensors/header',
      got: `a safetensors file has ${got}`,
      expected,
      fix: 'check that this is a safetensors file and that it was copied whole',
    },
    { cause },
  );
}

function badTensor(name: string, got: string, expected: string): FileError {
  return new FileError({
    code: 'safetensors/tensor',
    got: `the header of a safetensors file gives ${JSON.stringify(name)} ${got}`,
    expected,
    fix: 'write the file again with the tool that made it',
  });
}

function badLayout(overlap: boolean, before: string, after: string): FileError {
  return new FileError({
    code: 'safetensors/layout',
    got: `in a safetensors file there ${overlap ? 'is an overlap of' : 'are bytes of no tensor between'} ${before} and ${after}`,
    expected: 'tensors that fill the bytes after the header exactly',
    fix: 'write the file again with the tool that made it',
  });
}
