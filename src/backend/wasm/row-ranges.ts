import type { Operand } from '../contract';
import type { WasmDevice } from './device';
import type { Kernels } from './generated/kernels';
import type { At } from './heap';

/** [rows, n] of an operand seen as rows of its last axis. */
export function rowsOf(x: Operand): [number, number] {
  const width = x.shape.length > 0 ? (x.shape[x.shape.length - 1] as number) : 1;
  return [width === 0 ? 0 : x.storage.size / width, width];
}

/** `call` for ranges of rows that begin `skip` bytes after the first row; `cost` is nanoseconds per element. */
export function spreadRows(
  device: WasmDevice,
  height: number,
  width: number,
  cost: number,
  call: (kernels: Kernels, at: At, skip: number, rows: number, from: number) => void,
): void {
  device.spread(height, 1, height * width * cost, (kernels, at, from, to) => {
    call(kernels, at, 4 * from * width, to - from, from);
  });
}
