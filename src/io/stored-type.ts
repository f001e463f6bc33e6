import { allocate, type DType, type TypedArray } from '../base/dtype';
import { FileError } from '../base/errors';
import { type SmallFloat, smallFloat } from './small-float';

/** An element type of a file, by its name in safetensors. */
export type StoredType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'F8_E5M2'
  | 'F8_E4M3'
  | 'I64'
  | 'U64'
  | 'I32'
  | 'U32'
  | 'I16'
  | 'U16'
  | 'I8'
  | 'U8'
  | 'BOOL';

/** How one number lies in a file, and which of our two dtypes it becomes. */
interface Element {
  readonly bytes: number;
  readonly dtype: DType;
  /** The number, or null where it is none that `dtype` holds. */
  read(view: DataView, at: number, little: boolean): number | null;
  /** False where this type does not hold the number. Little-endian. */
  write(view: DataView, at: number, x: number): boolean;
}

/**
 * Every element type that files may have. Floats become float32: exactly from the smaller types, rounded to nearest
 * from F64. Integers and BOOL become int32 exactly. What lies beyond float32 or int32 is an error, never a wrong number.
 */
export const storedTypes: Readonly<Record<StoredType, Element>> = {
  F64: {
    bytes: 8,
    dtype: 'float32',
    read(view, at, little) {
      const x = view.getFloat64(at, little);
      return Number.isFinite(x) && !Number.isFinite(Math.fround(x)) ? null : x;
    },
    write(view, at, x) {
      view.setFloat64(at, x, true);
      return true;
    },
  },
  F32: {
    bytes: 4,
    dtype: 'float32',
    read: (view, at, little) => view.getFloat32(at, little),
    write(view, at, x) {
      view.setFloat32(at, x, true);
      return true;
    },
  },
  F16: small(2, smallFloat({ exponentBits: 5, mantissaBits: 10 })),
  BF16: small(2, smallFloat({ exponentBits: 8, mantissaBits: 7 })),
  F8_E5M2: small(1, smallFloat({ exponentBits: 5, mantissaBits: 2 })),
  F8_E4M3: small(1, smallFloat({ exponentBits: 4, mantissaBits: 3, finite: true })),
  I64: long('getBigInt64', 'setBigInt64', -(2 ** 31)),
  U64: long('getBigUint64', 'setBigUint64', 0),
  I32: whole(4, 'getInt32', 'setInt32', -(2 ** 31), 2 ** 31 - 1),
  U32: whole(4, 'getUint32', 'setUint32', 0, 2 ** 32 - 1),
  I16: whole(2, 'getInt16', 'setInt16', -(2 ** 15), 2 ** 15 - 1),
  U16: whole(2, 'getUint16', 'setUint16', 0, 2 ** 16 - 1),
  I8: whole(1, 'getInt8', 'setInt8', -128, 127),
  U8: whole(1, 'getUint8', 'setUint8', 0, 255),
  BOOL: {
    bytes: 1,
    dtype: 'int32',
    read: (view, at) => (view.getUint8(at) <= 1 ? view.getUint8(at) : null),
    write(view, at, x) {
      view.setUint8(at, x);
      return x === 0 || x === 1;
    },
  },
};

export const isStoredType = (name: string): name is StoredType => Object.hasOwn(storedTypes, name);

/** The type that holds a dtype as it is. */
export const plainType = (dtype: DType): StoredType => (dtype === 'float32' ? 'F32' : 'I32');

/**
 * The numbers of `bytes`, converted. The bytes may lie anywhere: nothing needs to be aligned. `place` gives the places of
 * the first, the second … among the results, each once, where the order is another.
 * @throws FileError `file/values` where one of them is not a number of our dtype
 */
export function decodeValues(
  type: StoredType,
  bytes: Uint8Array,
  name: string,
  { little = true, place }: { little?: boolean; place?: () => number } = {},
): TypedArray {
  const element = storedTypes[type];
  const values = allocate(element.dtype, bytes.length / element.bytes);
  const plain = plainType(element.dtype) === type;
  if (little && plain && !place) {
    bytesOf(values).set(bytes); // bit for bit, NaNs too
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bits = new Int32Array(values.buffer);
  for (let i = 0, at = 0; i < values.length; i++, at += element.bytes) {
    const to = place ? place() : i;
    if (plain)
      bits[to] = view.getInt32(at, little); // bit for bit here too
    else {
      const x = element.read(view, at, little);
      if (x === null) throw unfit(name, i, textOf(view, at, type, little), type, element.dtype);
      values[to] = x;
    }
  }
  return values;
}

/**
 * Write numbers as `type` into `bytes`, which has the room.
 * @throws FileError `file/values` where the type does not hold one of them
 */
export function encodeValues(type: StoredType, values: TypedArray, bytes: Uint8Array, name: string): void {
  const element = storedTypes[type];
  const dtype: DType = values instanceof Float32Array ? 'float32' : 'int32';
  if (plainType(dtype) === type) {
    bytes.set(bytesOf(values));
    return;
  }
  if (element.dtype !== dtype) throw otherKind(name, dtype, type);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0, at = 0; i < values.length; i++, at += element.bytes) {
    const x = values[i] as number;
    if (!element.write(view, at, x)) throw unfit(name, i, String(x), dtype, type);
  }
}

function small(bytes: 1 | 2, { decode, encode }: SmallFloat): Element {
  return {
    bytes,
    dtype: 'float32',
    read: (view, at, little) => decode(bytes === 2 ? view.getUint16(at, little) : view.getUint8(at)),
    write(view, at, x) {
      const bits = encode(x);
      if (bits === null) return false;
      if (bytes === 2) view.setUint16(at, bits, true);
      else view.setUint8(at, bits);
      return true;
    },
  };
}

type Getter = 'getInt32' | 'getUint32' | 'getInt16' | 'getUint16' | 'getInt8' | 'getUint8';
type Setter = 'setInt32' | 'setUint32' | 'setInt16' | 'setUint16' | 'setInt8' | 'setUint8';

function whole(bytes: 1 | 2 | 4, get: Getter, set: Setter, low: number, high: number): Element {
  return {
    bytes,
    dtype: 'int32',
    read: (view, at, little) => inInt32(view[get](at, little)),
    write(view, at, x) {
      view[set](at, x, true);
      return x >= low && x <= high;
    },
  };
}

function long(get: 'getBigInt64' | 'getBigUint64', set: 'setBigInt64' | 'setBigUint64', low: number): Element {
  return {
    bytes: 8,
    dtype: 'int32',
    read: (view, at, little) => inInt32(Number(view[get](at, little))),
    write(view, at, x) {
      view[set](at, BigInt(x), true);
      return x >= low;
    },
  };
}

const inInt32 = (x: number): number | null => (x >= -(2 ** 31) && x < 2 ** 31 ? x : null);

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A number that did not fit, with all its digits. */
function textOf(view: DataView, at: number, type: StoredType, little: boolean): string {
  if (type === 'I64') return String(view.getBigInt64(at, little));
  if (type === 'U64') return String(view.getBigUint64(at, little));
  if (type === 'F64') return String(view.getFloat64(at, little));
  return String(type === 'U32' ? view.getUint32(at, little) : view.getUint8(at));
}

function unfit(name: string, index: number, x: string, from: string, to: string): FileError {
  return new FileError({
    code: 'file/values',
    got: `element ${index} of ${JSON.stringify(name)} is ${x} as ${from}`,
    expected: `numbers that ${to} holds`,
    fix: 'convert or rescale the numbers before they are saved',
  });
}

function otherKind(name: string, dtype: DType, type: StoredType): FileError {
  return new FileError({
    code: 'file/values',
    got: `${JSON.stringify(name)} of dtype ${dtype} was to be stored as ${type}`,
    expected: `a type of the same kind for ${dtype}`,
    fix: 'cast the tensor first',
  });
}
