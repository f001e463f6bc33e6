import { FileError } from '../base/errors';
import { checkArgument, refuseExtra } from '../base/options';
import { type Shape, show, sizeOf } from '../base/shape';
import { checkTensor } from '../tensor/check';
import { fromArray } from '../tensor/ops/create';
import type { Tensor } from '../tensor/tensor';
import { isShape } from './header';
import { bytesKind } from './kinds';
import { mostAxes } from './limits';
import { decodeValues, encodeValues, plainType, type StoredType, storedTypes } from './stored-type';

/** NumPy's codes of element types, without the byte order. */
const codes: Readonly<Record<string, StoredType>> = {
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  u8: 'U64',
  b1: 'BOOL',
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * The bytes of an npy file, version 1.0, as `numpy.load` reads it: '<f4' for float32, '<i4' for int32, in C order.
 * @throws FileError `npy/header` for more than 64 axes, which NumPy does not have
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @example
 * const bytes = await encodeNpy(tensor([[1, 2, 3]]));
 * console.log(decodeNpy(bytes).shape); // prints [ 1, 3 ]
 */
export async function encodeNpy(x: Tensor): Promise<Uint8Array> {
  if (arguments.length > 1) refuseExtra('encodeNpy', arguments, 1);
  checkTensor('encodeNpy', x);
  const { text, start } = header(x);
  const values = await x.data();
  const bytes = new Uint8Array(start + values.byteLength).fill(0x20, 0, start);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[start - 1] = 0x0a;
  encodeValues(plainType(x.dtype), values, bytes.subarray(start), 'npy');
  return bytes;
}

/** What `encodeNpy` will make of a tensor. @throws FileError `npy/header` */
export const npyBytes = (x: Tensor): number => header(x).start + x.size * storedTypes[plainType(x.dtype)].bytes;

/** The header as text, and where the numbers start: aligned as NumPy does. */
function header(x: Tensor): { text: string; start: number } {
  if (x.ndim > mostAxes) throw tooManyAxes(x.ndim);
  const descr = x.dtype === 'float32' ? '<f4' : '<i4';
  const shape = x.ndim === 1 ? `(${x.shape[0]},)` : `(${x.shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  return { text, start: Math.ceil((magic.length + 4 + text.length + 1) / 64) * 64 };
}

/**
 * The tensor of an npy file of version 1, 2 or 3. Numbers become float32 or int32 as in `decodeSafetensors`; both byte
 * orders and both orders of axes are read. The bytes are not trusted, as there.
 * @throws FileError `npy/header`, `npy/dtype`, `npy/size`, `file/values`
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  if (arguments.length > 1) refuseExtra('decodeNpy', arguments, 1);
  checkArgument('decodeNpy', 'bytes', bytesKind, bytes);
  const { descr, fortran, shape, start } = readNpyHeader(bytes);
  const [, order, code] = /^([<>|=]?)([a-z]\d)$/.exec(descr) ?? [];
  const type = code !== undefined && Object.hasOwn(codes, code) ? codes[code] : undefined;
  if (type === undefined) throw badType(descr);
  const needed = sizeOf(shape) * storedTypes[type].bytes;
  if (bytes.length - start !== needed) throw badSize(bytes.length - start, needed, shape, descr);
  const little = order !== '>';
  const place = fortran && shape.length > 1 ? columnPlaces(shape) : undefined;
  return fromArray(decodeValues(type, bytes.subarray(start), 'npy', { little, ...(place && { place }) }), shape);
}

/** Where in C order the numbers lie that come with the first axis fastest: one place after the other. */
function columnPlaces(shape: Shape): () => number {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const index = shape.map(() => 0);
  let at = 0;
  return () => {
    const place = at;
    for (const [axis, extent] of shape.entries()) {
      at += strides[axis] as number;
      if (++(index[axis] as number) < extent) break;
      at -= extent * (strides[axis] as number);
      index[axis] = 0;
    }
    return place;
  };
}

interface NpyHeader {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: Shape;
  readonly start: number;
}

/** The header is a Python literal; these are the only words of it that files of numbers use. Linear in time. */
const token = /\s*('[^'\\]*'|True|False|\([^()]*\)|[{}:,])/y;

/** `{'descr': …, 'fortran_order': …, 'shape': …}`: values as they are written, or null for any other text. */
function dictionary(text: string): Map<string, string> | null {
  const words: string[] = [];
  let end = 0;
  token.lastIndex = 0;
  for (let found = token.exec(text); found && words.length < 20; found = token.exec(text)) {
    words.push(found[1] as string);
    end = token.lastIndex;
  }
  if (text.slice(end).trim() !== '') return null;
  const fields = new Map<string, string>();
  let at = 0;
  if (words[at++] !== '{') return null;
  while (words[at] !== '}') {
    const [name, colon, value] = words.slice(at, at + 3);
    if (name === undefined || value === undefined || colon !== ':' || fields.has(name)) return null;
    fields.set(name, value);
    at += 3;
    if (words[at] === ',') at++;
    else if (words[at] !== '}') return null;
  }
  return at === words.length - 1 ? fields : null;
}

function readNpyHeader(bytes: Uint8Array): NpyHeader {
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte))
    throw badHeader('does not begin with \\x93NUMPY');
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw badHeader(`is of version ${version}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const before = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = before + length;
  if (length > longest || start > bytes.length) throw badHeader(`has a header of ${length} bytes`);
  const text = new TextDecoder().decode(bytes.subarray(before, start));
  const fields = dictionary(text);
  const [descr, order, extents] = ["'descr'", "'fortran_order'", "'shape'"].map((name) => fields?.get(name) ?? '');
  const shape = tuple(extents as string);
  if (!descr?.startsWith("'") || !/^(True|False)$/.test(order as string) || !shape || fields?.size !== 3) {
    throw badHeader(`has the header ${JSON.stringify(text.slice(0, 80))}`);
  }
  if (!isShape(shape)) throw badHeader(`has a shape of ${shape.length} axes that is too large: ${text.slice(0, 80)}`);
  return { descr: descr.slice(1, -1), fortran: order === 'True', shape, start };
}

const longest = 65_535; // bytes; a header of numbers takes a hundred

/** `(2, 3)`, `(2,)`, `()`; Python 2 wrote `2L`. Anything else gives no list. */
function tuple(text: string): number[] | undefined {
  if (!text.startsWith('(')) return undefined;
  const parts = text
    .slice(1, -1)
    .split(',')
    .map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  return parts.every((part) => /^\d{1,16}L?$/.test(part)) ? parts.map((part) => Number.parseInt(part, 10)) : undefined;
}

function badHeader(what: string): FileError {
  return new FileError({
    code: 'npy/header',
    got: `an npy file ${what}`,
    expected: 'a header of version 1 to 3 with descr, fortran_order and shape',
    fix: 'save the array with numpy.save',
  });
}

function badType(descr: string): FileError {
  return new FileError({
    code: 'npy/dtype',
    got: `an npy file of dtype ${JSON.stringify(descr.slice(0, 40))}`,
    expected: `numbers or booleans: ${Object.keys(codes).join(', ')}`,
    fix: 'convert it in NumPy, as with x.astype(numpy.float32)',
  });
}

function badSize(got: number, needed: number, shape: Shape, descr: string): FileError {
  return new FileError({
    code: 'npy/size',
    got: `an npy file has ${got} bytes after its header`,
    expected: `${needed}, for ${show(shape)} of ${descr}`,
    fix: 'check that the file was copied whole',
  });
}

function tooManyAxes(axes: number): FileError {
  return new FileError({
    code: 'npy/header',
    got: `an array of ${axes} axes was to be written as an npy file`,
    expected: `at most ${mostAxes}, as in NumPy`,
    fix: 'reshape it before it is saved',
  });
}
