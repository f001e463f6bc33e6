import type { WasmDevice } from './device';
import type { Kernels } from './generated/kernels';
import type { At } from './heap';

/** A multiplication and an addition at 50 GFLOP/s. */
export const nanosecondsPerProduct = 0.04;
/** Ranges of rows and columns are multiples of these, so that tiles (of 4 or 6 rows and 8 columns) stay whole. */
const units = { rows: 12, columns: 8 };

/** A product of k steps for C [m, n], in ranges of its rows or columns `from` to `to`, which the threads share. */
export function spreadProduct(
  device: WasmDevice,
  along: 'rows' | 'columns',
  [m, n, k]: readonly [number, number, number],
  call: (kernels: Kernels, at: At, from: number, to: number) => void,
): void {
  device.spread(along === 'rows' ? m : n, units[along], m * n * k * nanosecondsPerProduct, call);
}
