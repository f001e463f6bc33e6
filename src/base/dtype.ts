/** The two element types of the engine (D10). Comparisons give int32 zeros and ones. */
export type DType = 'float32' | 'int32';

/** The JavaScript array that holds values of a dtype. */
export type TypedArray = Float32Array | Int32Array;

/** A zero-filled array of `size` values. */
export function allocate(dtype: DType, size: number): TypedArray {
  return dtype === 'float32' ? new Float32Array(size) : new Int32Array(size);
}

/** The dtype of a typed array that the engine can hold as it is. */
export function dtypeOf(values: TypedArray): DType {
  return values instanceof Float32Array ? 'float32' : 'int32';
}
