import type { WasmDevice } from './device';
import type { Kernels } from './generated/kernels';
import type { At } from './heap';
import type { StoragesOf, WasmStorage } from './storage';

type Sizes = readonly number[];
type NumbersOf<List extends Sizes> = { readonly [I in keyof List]: number };

/** `rows` rows that cost `work` nanoseconds each, and the sizes of the results: those that are no sums come first. */
export interface RowSums<Others extends Sizes, Sums extends Sizes> {
  readonly rows: number;
  readonly work: number;
  readonly others: Others;
  readonly sums: Sums;
}

/**
 * Sums over rows, made of one row of partial sums for each block of rows, added in order: so the bits do not depend on
 * which thread computed which block, and when. `run` gets a range of rows, the results that are no sums, and for each sum the room
 * for the partial sums of that range.
 */
export function inBlocks<const Others extends Sizes, const Sums extends Sizes>(
  device: WasmDevice,
  { rows, work, others, sums }: RowSums<Others, Sums>,
  run: (
    kernels: Kernels,
    at: At,
    from: number,
    count: number,
    others: StoragesOf<Others>,
    partials: NumbersOf<Sums>,
  ) => void,
): StoragesOf<[...Others, ...Sums]> {
  const blockRows = device.kernels.rowsOfBlock();
  const blocks = Math.ceil(rows / blockRows);
  const inOne = blocks === 1; // then the partial sums are the sums
  const made: WasmStorage[] = device.heap.makeAll([
    ...others,
    ...sums,
    ...(inOne ? [] : sums.map((size) => blocks * size)),
  ]);
  const partials = made.slice(-sums.length);
  device.spread(rows, blockRows, rows * work, (kernels, at, from, to) => {
    const skipped = from / blockRows;
    const rooms = partials.map((partial, i) => at(partial) + 4 * skipped * (sums[i] as number));
    run(
      kernels,
      at,
      from,
      to - from,
      made as StoragesOf<Sizes> as StoragesOf<Others>,
      rooms as Sizes as NumbersOf<Sums>,
    );
  });
  const results = made.slice(0, others.length + sums.length);
  if (!inOne) {
    device.run((kernels, at) => {
      sums.forEach((size, i) => {
        const sum = results[others.length + i] as WasmStorage;
        kernels.reduceSum(at(partials[i] as WasmStorage), at(sum), 1, blocks, size, size);
      });
    });
    for (const partial of partials) device.heap.free(partial);
  }
  return results as StoragesOf<Sizes> as StoragesOf<[...Others, ...Sums]>;
}
