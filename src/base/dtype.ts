import { BackendError } from './errors';

/** The two element types of the engine. Comparisons give int32 zeros and ones. */
export type DType = 'float32' | 'int32';

/** The JavaScript array that holds values of a dtype. */
export type TypedArray = Float32Array | Int32Array;

type Values<T extends DType> = { float32: Float32Array<ArrayBuffer>; int32: Int32Array<ArrayBuffer> }[T];

/**
 * A zero-filled array of `size` values, for the function `where`.
 * @throws BackendError `backend/out-of-memory`
 */
export function allocate<T extends DType>(dtype: T, size: number, where?: string): Values<T>;
export function allocate(dtype: DType, size: number, where = 'JavaScript'): TypedArray {
  try {
    return dtype === 'float32' ? new Float32Array(size) : new Int32Array(size);
  } catch (cause) {
    throw noRoom(where, size, cause);
  }
}

function noRoom(where: string, size: number, cause: unknown): BackendError {
  const parts = {
    code: 'backend/out-of-memory',
    got: `${where} got no memory for ${size} numbers`,
    expected: `${Math.ceil((size * 4) / 2 ** 30)} GiB in one piece`,
    fix: 'use smaller shapes',
  };
  return new BackendError(parts, { cause });
}

/** The dtype of a typed array that the engine can hold as it is. */
export function dtypeOf(values: TypedArray): DType {
  return values instanceof Float32Array ? 'float32' : 'int32';
}
