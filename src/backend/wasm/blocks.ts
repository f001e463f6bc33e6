import type { WasmDevice } from './device';
import type { Kernels } from './module';
import type { At, WasmStorage } from './storage';

/** `rows` rows that cost `work` nanoseconds each, and the sizes of the results: those that are no sums come first. */
export interface RowSums {
  readonly rows: number;
  readonly work: number;
  readonly others: readonly number[];
  readonly sums: readonly number[];
}

/**
 * Sums over rows, made of one row of partial sums for each block of rows, added in order: so the bits do not depend on
 * who computed which block, and when. `run` gets a range of rows, the results that are no sums, and for each sum the room
 * for the partial sums of that range.
 */
export function inBlocks(
  device: WasmDevice,
  { rows, work, others, sums }: RowSums,
  run: (
    kernels: Kernels,
    at: At,
    from: number,
    count: number,
    others: readonly WasmStorage[],
    partials: readonly number[],
  ) => void,
): WasmStorage[] {
  const blockRows = device.kernels.rowsOfBlock();
  const blocks = Math.ceil(rows / blockRows);
  const inOne = blocks === 1; // then the partial sums are the sums
  const made = device.heap.makeAll([...others, ...sums, ...(inOne ? [] : sums.map((size) => blocks * size))]);
  const partials = made.slice(-sums.length);
  device.spread(rows, blockRows, rows * work, (kernels, at, from, to) => {
    const skipped = from / blockRows;
    const rooms = partials.map((partial, i) => at(partial) + 4 * skipped * (sums[i] as number));
    run(kernels, at, from, to - from, made, rooms);
  });
  if (inOne) return made;
  const results = made.slice(0, -sums.length);
  device.run((kernels, at) => {
    sums.forEach((size, i) => {
      const sum = results[others.length + i] as WasmStorage;
      kernels.reduceSum(at(partials[i] as WasmStorage), at(sum), 1, blocks, size, size);
    });
  });
  for (const partial of partials) device.heap.free(partial);
  return results;
}
