import type { WasmDevice } from './wasm-device';
import type { Kernels } from './wasm-module';
import type { WasmStorage } from './wasm-storage';

/**
 * Sums over rows, made of one row of partial sums for each block of rows, added in order: so the bits do not depend on
 * who computed which block, and when. `run` gets a range of rows and, for each result, the room for the partial sums of
 * that range; a row costs `work` nanoseconds.
 */
export function inBlocks(
  device: WasmDevice,
  rows: number,
  work: number,
  sums: readonly WasmStorage[],
  run: (kernels: Kernels, from: number, count: number, partials: readonly number[]) => void,
): void {
  const { heap, kernels } = device;
  const blockRows = kernels.rowsOfBlock();
  const blocks = Math.ceil(rows / blockRows);
  const partials = blocks === 1 ? sums : sums.map((sum) => heap.make('float32', blocks * sum.size));
  const rooms = partials.map((partial) => heap.address(partial));
  device.spread(rows, blockRows, rows * work, (on, from, to) => {
    const skipped = from / blockRows;
    run(
      on,
      from,
      to - from,
      rooms.map((room, i) => room + 4 * skipped * (sums[i] as WasmStorage).size),
    );
  });
  if (blocks === 1) return; // the partial sums are the sums
  sums.forEach((sum, i) => {
    kernels.reduceSum(rooms[i] as number, heap.address(sum), 1, blocks, sum.size, sum.size);
    heap.free(partials[i] as WasmStorage);
  });
}
