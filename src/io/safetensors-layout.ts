import { FileError, OptionError } from '../base/errors';
import type { Params, Tensor } from '../tensor/tensor';
import { type Entry, lengthBytes, longestHeader, metadataName, readHeader } from './header';
import { isStoredType, type StoredType, storedTypes } from './stored-type';
import { checkEntries } from './writable';

/** A file that is still to be written: its first bytes, and where each tensor goes. */
export interface SafetensorsLayout {
  /** The length, the header, and spaces up to the first tensor. */
  readonly head: Uint8Array;
  /** The tensors, in the order of the file. */
  readonly entries: readonly Entry[];
  readonly fileBytes: number;
}

/**
 * Where everything goes, and the header that says so, which is held to all that `readHeader` asks of one.
 * @throws FileError `safetensors/name`, `safetensors/header`
 * @throws OptionError `options/choice`
 */
export function layOut(
  params: Params,
  metadata: Readonly<Record<string, string>>,
  storeAs: (path: string, tensor: Tensor) => StoredType,
): SafetensorsLayout {
  if (Object.hasOwn(params, metadataName)) throw reservedName();
  const types = new Map(Object.entries(params).map(([name, tensor]) => [name, known(name, storeAs(name, tensor))]));
  const bytesOf = (name: string): number => storedTypes[types.get(name) as StoredType].bytes;
  const entries: Entry[] = [];
  let end = 0;
  // Wide elements first, so that each tensor starts at a multiple of its element, as other tools like to map them.
  for (const name of [...types.keys()].sort((a, b) => bytesOf(b) - bytesOf(a))) {
    const { shape, size } = params[name] as Tensor;
    const start = end;
    end += size * bytesOf(name);
    entries.push({ name, type: types.get(name) as StoredType, shape, start, end });
  }
  const placed = new Map(entries.map((entry) => [entry.name, entry]));
  const tensors = [...types.keys()].map((name) => {
    const { type, shape, start, end } = placed.get(name) as Entry;
    return [name, { dtype: type, shape, data_offsets: [start, end] }] as const;
  });
  // Text of pairs, not of a record: records put names such as "0" first.
  const about = Object.keys(metadata).length > 0 ? [[metadataName, metadata] as const] : [];
  const pairs = [...about, ...tensors].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${pairs.join(',')}}`);
  const headerBytes = Math.ceil(text.length / 8) * 8; // spaces up to a multiple of 8
  if (headerBytes > longestHeader) throw longHeader(headerBytes);
  const base = lengthBytes + headerBytes;
  const head = new Uint8Array(base).fill(0x20);
  new DataView(head.buffer).setUint32(0, headerBytes, true);
  new DataView(head.buffer).setUint32(4, 0, true);
  head.set(text, lengthBytes);
  const placedInFile = entries.map((entry) => ({ ...entry, start: base + entry.start, end: base + entry.end }));
  checkEntries(placedInFile, Object.keys(metadata), base + end); // in words for a writer
  readHeader(head, base + end); // what is written is what can be read
  return { head, entries: placedInFile, fileBytes: base + end };
}

function known(name: string, type: StoredType): StoredType {
  if (isStoredType(type)) return type;
  throw new OptionError({
    code: 'options/choice',
    got: `storeAs gave ${JSON.stringify(name)} the type ${String(type)}`,
    expected: Object.keys(storedTypes).join(', '),
    fix: 'return one of these',
  });
}

function reservedName(): FileError {
  return new FileError({
    code: 'safetensors/name',
    got: `a tensor has the name "${metadataName}"`,
    expected: 'any other name: a safetensors file keeps its strings there',
    fix: 'rename it with renameParams',
  });
}

function longHeader(length: number): FileError {
  return new FileError({
    code: 'safetensors/header',
    got: `names, shapes and metadata take ${length} bytes`,
    expected: `at most ${longestHeader}, as every reader of safetensors asks`,
    fix: 'put long texts into a file of their own, or use several files',
  });
}
