import { checkOptions, FileError, OptionError } from '../base/errors';
import { fromArray } from '../tensor/ops/create';
import type { Params, Tensor } from '../tensor/tensor';
import { type Entry, lengthBytes, longestHeader, metadataName, readHeader } from './header';
import { decodeValues, encodeValues, isStoredType, plainType, type StoredType, storedTypes } from './stored-type';
import { checkEntries } from './writable';

/** How tensors are stored. */
export interface EncodeSafetensorsOptions {
  /**
   * The element type of each tensor (default: F32 and I32, which keep every bit). Smaller floats round to nearest; a
   * number that the type does not hold is an error.
   */
  readonly storeAs?: (path: string, tensor: Tensor) => StoredType;
}

/**
 * The bytes of a safetensors file with these tensors, and with strings about them. The names are the paths as they are.
 * @throws FileError `safetensors/name`, `safetensors/header`, `file/values`
 * @throws OptionError `options/unknown`, `options/choice`
 * @see https://huggingface.co/docs/safetensors
 * @example
 * const bytes = await encodeSafetensors({ weight: tensor([[1, 2], [3, 4]]) }, { format: 'pt' });
 * console.log(await decodeSafetensors(bytes).weight?.array()); // prints [ [ 1, 2 ], [ 3, 4 ] ]
 */
export async function encodeSafetensors(
  params: Params,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodeSafetensorsOptions = {},
): Promise<Uint8Array> {
  checkOptions('encodeSafetensors', options, ['storeAs']);
  const { storeAs = (_, { dtype }) => plainType(dtype) } = options;
  const { header, entries, end } = layOut(params, metadata, storeAs);
  const bytes = new Uint8Array(end);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, lengthBytes);
  const base = lengthBytes + header.length;
  for (const { name, type, start, end } of entries) {
    const values = await (params[name] as Tensor).data();
    encodeValues(type, values, bytes.subarray(base + start, base + end), name);
  }
  return bytes;
}

/**
 * The tensors of a safetensors file, in the order of its header. Floats become float32: exact, but for F64, which is
 * rounded to nearest. Integers and booleans become int32, exact. The file is not trusted: whatever its bytes are, the
 * outcome is its tensors or an error, and these take at most four bytes for each byte of the file.
 * @throws FileError `safetensors/header`, `safetensors/tensor`, `safetensors/layout`, `file/values`
 */
export function decodeSafetensors(bytes: Uint8Array): Params {
  const { entries } = readHeader(bytes);
  const tensors = entries.map(({ name, type, shape, start, end }) => {
    return [name, fromArray(decodeValues(type, bytes.subarray(start, end), name), shape)] as const;
  });
  return Object.fromEntries(tensors);
}

/**
 * The strings about the tensors of a safetensors file.
 * @throws FileError `safetensors/header`, `safetensors/tensor`, `safetensors/layout`
 */
export function safetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  return { ...readHeader(bytes).metadata };
}

/** Where everything goes; places count from the end of the header. */
function layOut(
  params: Params,
  metadata: Readonly<Record<string, string>>,
  storeAs: (path: string, tensor: Tensor) => StoredType,
): { header: Uint8Array; entries: readonly Entry[]; end: number } {
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
  const header = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20); // spaces up to a multiple of 8
  header.set(text);
  if (header.length > longestHeader) throw longHeader(header.length);
  checkEntries(entries, Object.keys(metadata), lengthBytes + header.length + end);
  return { header, entries, end: lengthBytes + header.length + end };
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
