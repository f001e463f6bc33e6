import { FileError } from '../base/errors';
import { type Shape, show, sizeOf } from '../base/shape';
import { isCount } from './json';
import { JsonError, JsonReader } from './json-reader';
import { brief, mostAxes, mostNames } from './limits';
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
  /** The entries, in the order of the header. */
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The limit of the reference implementation. */
export const longestHeader = 100_000_000; // bytes

/** Bytes of the length that precedes the header. */
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
  const entries: Entry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  const most = mostNames(fileBytes);
  let names = 0;
  /** Called for each name before anything is made of it. */
  const count = (): void => {
    if (++names > most) throw badHeader(`more than ${most} tensors and strings`, `no more in ${fileBytes} bytes`);
  };
  const reader = new JsonReader(bytes.subarray(lengthBytes, base));
  reading(() => {
    if (reader.kind() !== 'record') throw badHeader('a header that is no record', 'a record of tensors');
    reader.record((name) => {
      if (name === metadataName) metadata = readMetadata(reader, count);
      else {
        count();
        entries.push(readEntry(reader, name, base, fileBytes));
      }
    });
    reader.end();
  });
  checkLayout(entries, base, fileBytes);
  return { entries, metadata };
}

/** What is no JSON becomes an error of ours. */
function reading(work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw badHeader(`a header with ${cause.message}`, 'JSON in UTF-8, each name once', cause);
  }
}

function readMetadata(reader: JsonReader, count: () => void): Record<string, string> {
  const strings: [string, string][] = [];
  if (reader.kind() !== 'record') throw badHeader(`${metadataName} that is no record`, 'a record of strings');
  reader.record((name) => {
    count();
    if (reader.kind() !== 'string')
      throw badHeader(`${metadataName} with a ${brief(name)} that is no string`, 'strings alone');
    strings.push([name, reader.string()]);
  });
  return Object.fromEntries(strings);
}

const fields = ['dtype', 'shape', 'data_offsets'];

/** What has been read of one tensor. */
interface Fields {
  readonly name: string;
  type?: StoredType;
  shape?: Shape;
  offsets?: readonly number[];
}

function readEntry(reader: JsonReader, name: string, base: number, fileBytes: number): Entry {
  const refuse = (got: string, expected: string): FileError => badTensor(name, got, expected);
  const sizes = (what: string, most: number): number[] => {
    const list: number[] = [];
    const wrong = (): FileError => refuse(what, `at most ${most} whole numbers ≥ 0`);
    if (reader.kind() !== 'list') throw wrong();
    reader.list(() => {
      if (list.length === most || reader.kind() !== 'number') throw wrong();
      const size = reader.number();
      if (!isCount(size)) throw wrong();
      list.push(size);
    });
    return list;
  };
  const found: Fields = { name };
  if (reader.kind() !== 'record') throw refuse('no record', `a record of ${fields.join(', ')}`);
  reader.record((field) => {
    if (field === 'dtype') found.type = readType(reader, refuse);
    else if (field === 'shape') found.shape = sizes('a shape that is no list of sizes', mostAxes);
    else if (field === 'data_offsets') found.offsets = sizes('data_offsets that are no two places', 2);
    else throw refuse(`the field ${brief(field)}`, `${fields.join(', ')} alone`);
  });
  return checkEntry(found, refuse, base, fileBytes);
}

function readType(reader: JsonReader, refuse: (got: string, expected: string) => FileError): StoredType {
  const known = Object.keys(storedTypes).join(', ');
  if (reader.kind() !== 'string') throw refuse('a dtype that is no string', `one of ${known}`);
  const type = reader.string();
  if (!isStoredType(type)) throw refuse(`dtype ${brief(type)}`, `one of ${known}`);
  return type;
}

/** The fields of one tensor, against each other and against the file. */
function checkEntry(
  { name, type, shape, offsets }: Fields,
  refuse: (got: string, expected: string) => FileError,
  base: number,
  fileBytes: number,
): Entry {
  if (!type || !shape || offsets?.length !== 2) {
    const missing = type ? (shape ? 'no two data_offsets' : 'no shape') : 'no dtype';
    throw refuse(missing, `a record of ${fields.join(', ')}`);
  }
  if (!isShape(shape)) throw refuse('a shape that is too large', `at most ${mostElements} elements`);
  const [from, to] = offsets as [number, number];
  const [start, end] = [base + from, base + to];
  if (from > to || end > fileBytes) {
    throw refuse(`data_offsets [${from}, ${to}]`, `places in the ${fileBytes - base} bytes after the header`);
  }
  const needed = sizeOf(shape) * storedTypes[type].bytes;
  if (end - start !== needed) throw refuse(`${end - start} bytes`, `${needed}, for ${show(shape)} of ${type}`);
  return { name, type, shape, start, end };
}

/** More elements than any memory here has; what is empty must stay below it along its other axes. */
export const mostElements = 2 ** 32;

/** Whether sizes from a file are a shape that may be. Extents are multiplied one by one, so that no product is rounded. */
export function isShape(sizes: Shape): boolean {
  let elements = 1;
  for (const extent of sizes) {
    elements *= Math.max(extent, 1);
    if (!isCount(extent) || elements > mostElements) return false;
  }
  return sizes.length <= mostAxes;
}

function checkLayout(entries: readonly Entry[], base: number, fileBytes: number): void {
  let [end, before] = [base, 'the header'];
  for (const entry of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (entry.start !== end) throw badLayout(entry.start < end, before, brief(entry.name));
    [end, before] = [entry.end, brief(entry.name)];
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
    got: `the header of a safetensors file gives ${brief(name)} ${got}`,
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
