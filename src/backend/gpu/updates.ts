import { sumSquares } from '../../../kernels/gpujs/reductions';
import * as text from '../../../kernels/gpujs/updates';
import type { AdamFactors, Operand, Storage } from '../contract';
import { join } from './reductions';
import { map } from './row-map';
import { type Argument, flat, type GpuRunner, operandOf } from './runner';
import type { GpuStorage } from './storage';

/** One element of each operand, one of the result. */
function update(on: GpuRunner, source: string, like: Operand, args: readonly (Operand | number)[]): GpuStorage {
  const { size } = like.storage;
  if (size === 0) return on.host(new Float32Array(0));
  const given = args.map((arg): Argument => (typeof arg === 'number' ? arg : flat(arg)));
  return on.launch({ source, flat: true }, [size, 1, 1], given);
}

export function adam(
  on: GpuRunner,
  g: Operand,
  mean: Operand,
  square: Operand,
  { beta1, beta2, correction1, correction2, epsilon }: AdamFactors,
): readonly [Storage, Storage, Storage] {
  const newMean = update(on, text.average, g, [g, mean, beta1, 1 - beta1]);
  const newSquare = update(on, text.averageSquare, g, [g, square, beta2, 1 - beta2]);
  const both = [operandOf(newMean), operandOf(newSquare)];
  return [update(on, text.adam, g, [...both, correction1, correction2, epsilon]), newMean, newSquare];
}
/** The update is that of Adam without a mean: g in its place. */
export function rms(
  on: GpuRunner,
  g: Operand,
  square: Operand,
  beta: number,
  epsilon: number,
): readonly [Storage, Storage] {
  const newSquare = update(on, text.averageSquare, g, [g, square, beta, 1 - beta]);
  return [update(on, text.adam, g, [g, operandOf(newSquare), 1, 1, epsilon]), newSquare];
}
export function lion(
  on: GpuRunner,
  g: Operand,
  mean: Operand,
  beta1: number,
  beta2: number,
): readonly [Storage, Storage] {
  const signs = update(on, text.lion, g, [g, mean, beta1, 1 - beta1]);
  return [signs, update(on, text.average, g, [g, mean, beta2, 1 - beta2])];
}
export function squareSums(on: GpuRunner, g: Operand): readonly [Storage, Storage] {
  const [rows, columns] = g.shape as [number, number];
  return [join(on, sumSquares, [g], [rows, columns, 1]), join(on, sumSquares, [g], [1, rows, columns])];
}
export function scaleRowsColumns(on: GpuRunner, g: Operand, row: Operand, column: Operand): Storage {
  return map(on, text.scaleRowsColumns, g, [g, row, column]);
}
