import type { LeafResults, Operand, Storage, Updates } from '../contract';
import { inBlocks } from './blocks';
import type { WasmDevice } from './device';
import type { StoragesOf, WasmStorage } from './storage';

/** One pass over each leaf, one leaf after the other; its elements or rows go to the threads. */
export const updates = (device: WasmDevice) =>
  ({
    adam: (leaves, { beta1, beta2, correction1, correction2, epsilon }) =>
      forEach(device, leaves, ({ g, mean, square }) => {
        const { size } = g.storage;
        const [update, newMean, newSquare] = room(device, [g, mean, square], [size, size, size]);
        const factors = [beta1, 1 - beta1, beta2, 1 - beta2, correction1, correction2, epsilon] as const;
        device.spread(size, 16, size * 1.5, (kernels, at, from, to) => {
          const skip = 4 * from;
          const [x, m, v] = [at(g.storage) + skip, at(mean.storage) + skip, at(square.storage) + skip];
          const [u, nextM, nextV] = [at(update) + skip, at(newMean) + skip, at(newSquare) + skip];
          kernels.adam(x, m, v, u, nextM, nextV, to - from, ...factors);
        });
        return { update, mean: newMean, square: newSquare };
      }),
    rms: (leaves, beta, epsilon) =>
      forEach(device, leaves, ({ g, square }) => {
        const { size } = g.storage;
        const [update, newSquare] = room(device, [g, square], [size, size]);
        device.spread(size, 16, size, (kernels, at, from, to) => {
          const skip = 4 * from;
          const [x, v] = [at(g.storage) + skip, at(square.storage) + skip];
          kernels.rms(x, v, at(update) + skip, at(newSquare) + skip, to - from, beta, 1 - beta, epsilon);
        });
        return { update, square: newSquare };
      }),
    lion: (leaves, beta1, beta2) =>
      forEach(device, leaves, ({ g, mean }) => {
        const { size } = g.storage;
        const [update, newMean] = room(device, [g, mean], [size, size]);
        const factors = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
        device.spread(size, 16, size, (kernels, at, from, to) => {
          const skip = 4 * from;
          const [x, m] = [at(g.storage) + skip, at(mean.storage) + skip];
          kernels.lion(x, m, at(update) + skip, at(newMean) + skip, to - from, ...factors);
        });
        return { update, mean: newMean };
      }),
    squareSums: (leaves) =>
      forEach(device, leaves, ({ g }) => {
        const [rows, columns] = g.shape as [number, number];
        device.heap.need(g.storage);
        const sizes = { rows, work: columns * 0.5, others: [rows], sums: [columns] } as const;
        const [row, column] = inBlocks(device, sizes, (kernels, at, from, count, [rowSums], [columnSums]) => {
          const [p, sums] = [at(g.storage) + 4 * from * columns, at(rowSums) + 4 * from];
          kernels.squareSums(p, sums, columnSums, count, columns);
        });
        return { row, column };
      }),
    scaleRowsColumns: (leaves) =>
      forEach(device, leaves, ({ g, row, column }) => {
        const [update] = room(device, [g, row, column], [g.storage.size]);
        const columns = column.storage.size;
        device.spread(row.storage.size, 1, update.size * 0.5, (kernels, at, from, to) => {
          const skip = 4 * from * columns;
          const [p, q] = [at(g.storage) + skip, at(row.storage) + 4 * from];
          kernels.scaleRowsColumns(p, q, at(column.storage), at(update) + skip, to - from, columns);
        });
        return { update };
      }),
  }) satisfies Required<Updates>;

/** A result for each leaf, or no result at all: what is made before an error is freed. */
function forEach<L, Result extends LeafResults<string>>(
  { heap }: WasmDevice,
  leaves: readonly L[],
  step: (leaf: L) => Result,
): Result[] {
  const made: Result[] = [];
  try {
    for (const leaf of leaves) made.push(step(leaf));
    return made;
  } catch (error) {
    for (const storage of made.flatMap<Storage>(Object.values)) heap.free(storage as WasmStorage);
    throw error;
  }
}

/** Operands on the device, and room for results. */
function room<const Sizes extends readonly number[]>(
  { heap }: WasmDevice,
  operands: readonly Operand[],
  sizes: Sizes,
): StoragesOf<Sizes> {
  for (const { storage } of operands) heap.need(storage);
  return heap.makeAll(sizes);
}
