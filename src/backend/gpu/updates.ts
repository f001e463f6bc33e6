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
    adam(g, mean, square, { beta1, beta2, correction1, correction2, epsilon }) {
      const newMean = update(on, text.average, g, [g, mean, beta1, 1 - beta1]);
      const newSquare = update(on, text.averageSquare, g, [g, square, beta2, 1 - beta2]);
      const both = [operandOf(newMean), operandOf(newSquare)];
      return [update(on, text.adam, g, [...both, correction1, correction2, epsilon]), newMean, newSquare];
    },
    /** The update is that of Adam without a mean: g in its place. */
    rms(g, square, beta, epsilon) {
      const newSquare = update(on, text.averageSquare, g, [g, square, beta, 1 - beta]);
      return [update(on, text.adam, g, [g, operandOf(newSquare), 1, 1, epsilon]), newSquare];
    },
    lion(g, mean, beta1, beta2) {
      const signs = update(on, text.lion, g, [g, mean, beta1, 1 - beta1]);
      return [signs, update(on, text.average, g, [g, mean, beta2, 1 - beta2])];
    },
    squareSums(g) {
      const [rows, columns] = g.shape as [number, number];
      return [join(on, sumSquares, [g], [rows, columns, 1]), join(on, sumSquares, [g], [1, rows, columns])];
    },
    scaleRowsColumns(g, row, column) {
      return map(on, text.scaleRowsColumns, g, [g, row, column]);
    },
  }) satisfies Required<Updates>;

/** One element of each operand, one of the result. */
function update(on: GpuRunner, source: string, like: Operand, args: readonly (Operand | number)[]): GpuStorage {
  const { size } = like.storage;
  if (size === 0) return on.host(new Float32Array(0));
  const given = args.map((arg): Argument => (typeof arg === 'number' ? arg : flat(arg)));
  return on.launch({ source, flat: true }, [size, 1, 1], given);
}
