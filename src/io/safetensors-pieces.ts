import { allocate, type TypedArray } from '../base/dtype';
import { fromArray } from '../tensor/ops/create';
import type { Params, Tensor } from '../tensor/tensor';
import { type Entry, lengthBytes, longestHeader, readHeader } from './header';
import type { SafetensorsLayout } from './safetensors-layout';
import { decodeValues, encodeValues, plainType, storedTypes } from './stored-type';

/** Bytes that are read where they lie, such as a file: it may be larger than any array. */
export interface ByteSource {
  readonly size: number;
  /** Fill `into` with the bytes from `at` on; they are there. */
  read(into: Uint8Array, at: number): Promise<void>;
}

/**
 * The bytes of a safetensors file, one tensor after the other, so that no more than one is in memory beside the tensors
 * themselves.
 * @throws FileError `file/values`
 */
export async function* piecesOf(
  { head, entries }: SafetensorsLayout,
  read: (name: string) => Promise<TypedArray>,
): AsyncGenerator<Uint8Array> {
  yield head;
  for (const { name, type, start, end } of entries) {
    const values = await read(name);
    if (plainType(values instanceof Float32Array ? 'float32' : 'int32') === type) {
      yield bytesOf(values);
    } else {
      const bytes = new Uint8Array(end - start);
      encodeValues(type, values, bytes, name);
      yield bytes;
    }
  }
}

/**
 * The tensors of a safetensors file, as `decodeSafetensors` reads them, each read into its own memory. A tensor that is
 * stored as another type than float32 and int32 is in memory twice while it is converted. `onBytes` sees all bytes in
 * the order of the file, `onValues` the values of each tensor; both may throw.
 * @throws FileError `safetensors/header`, `safetensors/tensor`, `safetensors/layout`, `file/values`
 */
export async function readSafetensors(
  source: ByteSource,
  onBytes: (bytes: Uint8Array) => void = () => {},
  onValues: (name: string, values: TypedArray) => void = () => {},
): Promise<Params> {
  const head = await readHead(source);
  const { entries } = readHeader(head, source.size);
  onBytes(head);
  const tensors = new Map<string, Tensor>();
  for (const entry of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const values = await readValues(source, entry, onBytes);
    onValues(entry.name, values);
    tensors.set(entry.name, fromArray(values, entry.shape));
  }
  return Object.fromEntries(entries.map(({ name }) => [name, tensors.get(name) as Tensor]));
}

/** The length and the header, or as much of them as `readHeader` needs to refuse them. */
async function readHead(source: ByteSource): Promise<Uint8Array> {
  const first = new Uint8Array(Math.min(lengthBytes, source.size));
  await source.read(first, 0);
  if (first.length < lengthBytes) return first;
  const view = new DataView(first.buffer);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > longestHeader || lengthBytes + length > source.size) return first;
  const head = new Uint8Array(lengthBytes + length);
  await source.read(head, 0);
  return head;
}

async function readValues(
  source: ByteSource,
  { name, type, start, end }: Entry,
  onBytes: (bytes: Uint8Array) => void,
): Promise<TypedArray> {
  const { dtype, bytes: width } = storedTypes[type];
  if (plainType(dtype) === type) {
    const values = allocate(dtype, (end - start) / width);
    const bytes = bytesOf(values);
    await source.read(bytes, start);
    onBytes(bytes);
    return values;
  }
  const bytes = new Uint8Array(end - start);
  await source.read(bytes, start);
  onBytes(bytes);
  return decodeValues(type, bytes, name);
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
