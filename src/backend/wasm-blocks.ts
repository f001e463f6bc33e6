import type { WasmDevice } from './wasm-device';
import type { WasmStorage } from './wasm-storage';

/**
 * Sums over rows, made of one row of partial sums for each block of rows, added in order: so the bits do not depend on
 * who computed which block, and when. `run` gets the room for the partial sums of each result.
 */
export function inBlocks(
  { heap, kernels }: WasmDevice,
  rows: number,
  sums: readonly WasmStorage[],
  run: (partials: readonly number[]) => void,
): void {
  const blocks = kernels.rowBlocks(rows);
  if (blocks === 1) {
    run(sums.map((sum) => heap.address(sum))); // the partial sums are the sums
    return;
  }
  const partials = sums.map((sum) => heap.make('float32', blocks * sum.size));
  const rooms = partials.map((partial) => heap.address(partial));
  run(rooms);
  sums.forEach((sum, i) => {
    kernels.reduceSum(rooms[i] as number, heap.address(sum), 1, blocks, sum.size);
    heap.free(partials[i] as WasmStorage);
  });
}
