import { throwIndexRange } from '../checks';
import type { Operand } from '../contract';
import type { WasmDevice } from './device';

/** Ids of rows are inside the table, and on the device afterwards. @throws ShapeError `index/range` */
export function checkIds(device: WasmDevice, where: string, ids: Operand, rows: number): void {
  const { heap } = device;
  heap.need(ids.storage);
  device.run((kernels, at) => {
    const bad = kernels.firstOutside(at(ids.storage), ids.storage.size, rows);
    if (bad >= 0) throwIndexRange(where, heap.ints[at(ids.storage) / 4 + bad] as number, rows);
  });
}
