import type { DType, TypedArray } from '../../base/dtype';
import { OptionError, ShapeError } from '../../base/errors';
import { inMessage, isThenable } from '../../base/options';
import { show } from '../../base/shape';
import { isTensor } from '../tree';

// What `tensor` takes, and how it gets into a flat array: nothing is converted that would change its value.

/** Numbers in nested arrays of equal lengths. */
export type NestedArray = readonly (number | NestedArray)[];

/** A typed array of numbers; those of bigints are not. `Float16Array` is one too, where the platform has it. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

type Values = number | NestedArray | NumericArray;

/** More axes than anyone needs; an array that holds itself would have infinitely many. */
const deepest = 64;

/**
 * Extents of the values, as the first entries have them.
 * @throws OptionError `tensor/values`
 */
export function shapeOf(values: Values): number[] {
  if (isNumericArray(values)) return [values.length];
  const shape: number[] = [];
  let first: unknown = values;
  while (Array.isArray(first)) {
    if (shape.length === deepest) throw wrongValue(shape, `arrays nested more than ${deepest} deep`, 'flatten them');
    shape.push(first.length);
    if (first.length === 0) return shape;
    first = first[0];
  }
  if (typeof first === 'number') return shape;
  throw wrongValue(
    shape.map(() => 0),
    inMessage(first),
    instead(first, shape.length),
  );
}

/** int32 for integers, float32 for all else. */
export function dtypeFor(values: Values): DType {
  return isNumericArray(values) && !isFloats(values) ? 'int32' : 'float32';
}

/**
 * Write the values in order.
 * @throws ShapeError `tensor/ragged`
 * @throws OptionError `tensor/values`, `tensor/int32`
 */
export function write(values: Values, shape: readonly number[], into: TypedArray): void {
  if (isNumericArray(values)) {
    if (into instanceof Int32Array && !(values instanceof Int32Array)) checkWhole(values);
    into.set(values);
  } else if (typeof values === 'number') {
    if (into instanceof Int32Array) checkWhole([values]);
    into[0] = values;
  } else {
    writeNested(values, shape, 0, into, 0, []);
  }
}

/** Writes from position `at` on and returns where it stopped. */
function writeNested(
  values: readonly unknown[],
  shape: readonly number[],
  axis: number,
  into: TypedArray,
  at: number,
  path: readonly number[],
): number {
  const last = axis === shape.length - 1;
  const whole = into instanceof Int32Array;
  let next = at;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (last && typeof value === 'number') {
      if (whole && (value | 0) !== value) throw notInt32(value, [...path, i]);
      into[next++] = value;
    } else if (!last && Array.isArray(value) && value.length === shape[axis + 1]) {
      next = writeNested(value, shape, axis + 1, into, next, [...path, i]);
    } else {
      throw misfit(value, shape, axis, [...path, i]);
    }
  }
  return next;
}

function misfit(value: unknown, shape: readonly number[], axis: number, path: readonly number[]): Error {
  if (typeof value !== 'number' && !Array.isArray(value)) return wrongValue(path, inMessage(value), instead(value, 1));
  return new ShapeError({
    code: 'tensor/ragged',
    got: `tensor got nested arrays of shapes ${show(shape.slice(axis + 1))} and ${show(extents(value))} side by side`,
    expected: 'arrays of equal lengths',
    fix: 'pad the shorter rows',
  });
}

/** The extents as far as the first entries tell, for messages. */
function extents(value: unknown): number[] {
  const shape: number[] = [];
  for (let first = value; Array.isArray(first) && shape.length < 8; first = first[0]) shape.push(first.length);
  return shape;
}

function checkWhole(values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if ((value | 0) !== value) throw notInt32(value, [i]);
  }
}

function isNumericArray(values: unknown): values is NumericArray {
  return ArrayBuffer.isView(values) && typeof (values as { length?: unknown }).length === 'number' && !isBig(values);
}

function isBig(values: ArrayBufferView): boolean {
  return values instanceof BigInt64Array || values instanceof BigUint64Array;
}

function isFloats(values: NumericArray): boolean {
  return values instanceof Float32Array || values instanceof Float64Array || isFloat16(values);
}

function isFloat16(values: object): boolean {
  const { Float16Array } = globalThis as { Float16Array?: new () => object };
  return Float16Array !== undefined && values instanceof Float16Array;
}

function wrongValue(path: readonly number[], what: string, fix: string): OptionError {
  return new OptionError({
    code: 'tensor/values',
    got: `tensor got ${what}${path.length > 0 ? ` at ${show(path)}` : ''}`,
    expected: 'a number, nested arrays of numbers, or a typed array of numbers',
    fix,
  });
}

function instead(value: unknown, depth: number): string {
  if (isTensor(value))
    return depth > 0 ? 'write stack([…]) to join tensors' : 'it is a tensor already; clone(x) is a second one';
  if (isThenable(value)) return 'await the promise first';
  if (typeof value === 'string') return 'convert texts with Number(…), or to ids with a vocabulary';
  if (typeof value === 'boolean') return 'write 1 and 0, with { dtype: "int32" } for a condition';
  if (typeof value === 'bigint') return 'convert it with Number(…)';
  if (ArrayBuffer.isView(value)) return 'write Array.from(row, Number) for it';
  if (value === undefined || value === null) return depth > 0 ? 'fill the gap with a number' : 'pass the values';
  return 'pass an array, for example Array.from(values)';
}

function notInt32(value: number, path: readonly number[]): OptionError {
  return new OptionError({
    code: 'tensor/int32',
    got: `tensor got ${value} at ${show(path)} for the dtype int32`,
    expected: 'whole numbers from −2147483648 to 2147483647',
    fix: "pass { dtype: 'float32' }, or round the values first",
  });
}
