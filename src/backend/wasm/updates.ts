import type { Operand, Updates } from '../contract';
import { inBlocks } from './blocks';
import type { WasmDevice } from './device';
import type { StoragesOf } from './storage';

/** One pass over each leaf. */
export const updates = (device: WasmDevice) =>
  ({
    adam(g, mean, square, { beta1, beta2, correction1, correction2, epsilon }) {
      const { size } = g.storage;
      const made = room(device, [g, mean, square], [size, size, size]);
      const [update, newMean, newSquare] = made;
      const factors = [beta1, 1 - beta1, beta2, 1 - beta2, correction1, correction2, epsilon] as const;
      device.spread(size, 16, size * 1.5, (kernels, at, from, to) => {
        const skip = 4 * from;
        const [x, m, v] = [at(g.storage) + skip, at(mean.storage) + skip, at(square.storage) + skip];
        const [u, nextM, nextV] = [at(update) + skip, at(newMean) + skip, at(newSquare) + skip];
        kernels.adam(x, m, v, u, nextM, nextV, to - from, ...factors);
      });
      return made;
    },
    rms(g, square, beta, epsilon) {
      const { size } = g.storage;
      const made = room(device, [g, square], [size, size]);
      const [update, newSquare] = made;
      device.spread(size, 16, size, (kernels, at, from, to) => {
        const skip = 4 * from;
        const [x, v, u, nextV] = [
          at(g.storage) + skip,
          at(square.storage) + skip,
          at(update) + skip,
          at(newSquare) + skip,
        ];
        kernels.rms(x, v, u, nextV, to - from, beta, 1 - beta, epsilon);
      });
      return made;
    },
    lion(g, mean, beta1, beta2) {
      const { size } = g.storage;
      const made = room(device, [g, mean], [size, size]);
      const [update, newMean] = made;
      device.spread(size, 16, size, (kernels, at, from, to) => {
        const skip = 4 * from;
        const [x, m, u, nextM] = [at(g.storage) + skip, at(mean.storage) + skip, at(update) + skip, at(newMean) + skip];
        kernels.lion(x, m, u, nextM, to - from, beta1, 1 - beta1, beta2, 1 - beta2);
      });
      return made;
    },
    squareSums(g) {
      const [rows, columns] = g.shape as [number, number];
      device.heap.need(g.storage);
      const sizes = { rows, work: columns * 0.5, others: [rows], sums: [columns] } as const;
      return inBlocks(device, sizes, (kernels, at, from, count, [rowSums], [columnSums]) => {
        const [p, sums] = [at(g.storage) + 4 * from * columns, at(rowSums) + 4 * from];
        kernels.squareSums(p, sums, columnSums, count, columns);
      });
    },
    scaleRowsColumns(g, row, column) {
      const [result] = room(device, [g, row, column], [g.storage.size]);
      const columns = column.storage.size;
      device.spread(row.storage.size, 1, result.size * 0.5, (kernels, at, from, to) => {
        const skip = 4 * from * columns;
        const [p, q] = [at(g.storage) + skip, at(row.storage) + 4 * from];
        kernels.scaleRowsColumns(p, q, at(column.storage), at(result) + skip, to - from, columns);
      });
      return result;
    },
  }) satisfies Required<Updates>;

/** Operands on the device, and room for results. */
function room<const Sizes extends readonly number[]>(
  { heap }: WasmDevice,
  operands: readonly Operand[],
  sizes: Sizes,
): StoragesOf<Sizes> {
  for (const { storage } of operands) heap.need(storage);
  return heap.makeAll(sizes);
}
