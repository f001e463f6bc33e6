import { sumSquares } from '../../../kernels/gpujs/reductions';
import * as text from '../../../kernels/gpujs/updates';
import type { Operand, Updates } from '../contract';
import { join } from './reductions';
import { map } from './row-map';
import { type Argument, flat, type GpuRunner, operandOf } from './runner';
import type { GpuStorage } from './storage';

/** A kernel has one output, so that a step is a launch for each result of a leaf. */
export const updates = (on: GpuRunner) =>
  ({
    adam: (leaves, { beta1, beta2, correction1, correction2, epsilon }) =>
      leaves.map(({ g, mean, square }) => {
        const newMean = update(on, text.average, g, [g, mean, beta1, 1 - beta1]);
        const newSquare = update(on, text.averageSquare, g, [g, square, beta2, 1 - beta2]);
        const both = [operandOf(newMean), operandOf(newSquare)];
        const made = update(on, text.adam, g, [...both, correction1, correction2, epsilon]);
        return { update: made, mean: newMean, square: newSquare };
      }),
    /** The update is that of Adam without a mean: g in its place. */
    rms: (leaves, beta, epsilon) =>
      leaves.map(({ g, square }) => {
        const newSquare = update(on, text.averageSquare, g, [g, square, beta, 1 - beta]);
        return { update: update(on, text.adam, g, [g, operandOf(newSquare), 1, 1, epsilon]), square: newSquare };
      }),
    lion: (leaves, beta1, beta2) =>
      leaves.map(({ g, mean }) => ({
        update: update(on, text.lion, g, [g, mean, beta1, 1 - beta1]),
        mean: update(on, text.average, g, [g, mean, beta2, 1 - beta2]),
      })),
    squareSums: (leaves) =>
      leaves.map(({ g }) => {
        const [rows, columns] = g.shape as [number, number];
        return {
          row: join(on, sumSquares, [g], [rows, columns, 1]),
          column: join(on, sumSquares, [g], [1, rows, columns]),
        };
      }),
    scaleRowsColumns: (leaves) =>
      leaves.map(({ g, row, column }) => ({ update: map(on, text.scaleRowsColumns, g, [g, row, column]) })),
  }) satisfies Required<Updates>;

/** One element of each operand, one of the result. */
function update(on: GpuRunner, source: string, like: Operand, args: readonly (Operand | number)[]): GpuStorage {
  const { size } = like.storage;
  if (size === 0) return on.host(new Float32Array(0));
  const given = args.map((arg): Argument => (typeof arg === 'number' ? arg : flat(arg)));
  return on.launch({ source, flat: true }, [size, 1, 1], given);
}
