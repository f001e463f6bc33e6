import { broadcastStrides, type Shape, sizeOf } from '../../base/shape';
import type { Operand } from '../contract';
import { floatsOf, valuesOf } from './device';

/** Position of element `i` of `shape` in an array with these strides. */
export function locate(shape: Shape, strides: readonly number[]): (i: number) => number {
  return (i) => {
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = shape[axis] as number;
      at += (i % extent) * (strides[axis] as number);
      i = Math.floor(i / extent);
    }
    return at;
  };
}

/** For each position of `shape`, which element of an array of `from` is read under broadcasting. */
export function offsets(from: Shape, shape: Shape): number[] {
  const at = locate(shape, broadcastStrides(from, shape));
  return Array.from({ length: sizeOf(shape) }, (_, i) => at(i));
}

/** Element `i` of an operand broadcast to `shape`; a number is the same everywhere. */
export function reader(x: Operand | number, shape: Shape): (i: number) => number {
  if (typeof x === 'number') {
    const rounded = Math.fround(x);
    return () => rounded;
  }
  const values = valuesOf(x);
  const at = locate(shape, broadcastStrides(x.shape, shape));
  return (i) => values[at(i)] as number;
}

/** Each row of the last axis: its values, where it begins, and its number. */
export function forRows(x: Operand, visit: (row: Float32Array, from: number, index: number) => void): void {
  const values = floatsOf(x);
  const length = x.shape.at(-1) ?? 1;
  for (let from = 0, index = 0; from < values.length; from += length, index++) {
    visit(values.subarray(from, from + length), from, index);
  }
}
