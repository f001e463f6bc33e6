import type { TypedArray } from '../../base/dtype';
import { throwIndexRange } from '../checks';
import type { Operand, Storage } from '../contract';
import type { GpuHandle } from './device';
import { isPromise } from './queue';
import type { GpuRunner } from './runner';

/**
 * Ids from 0 to `rows` − 1, under a life of their own. Those that the host knows are checked at once; those that the
 * device has computed when the queue gets there, and what needs them fails then.
 * @throws ShapeError `index/range`
 */
export function checkedIds(on: GpuRunner, where: string, ids: Operand, rows: number): Storage {
  const check = (values: TypedArray): void => {
    for (const id of values) if (!(id >= 0 && id < rows)) throwIndexRange(where, id, rows);
  };
  const known = on.known(ids);
  if (known !== null) {
    check(known);
    return on.storages.alias(ids.storage);
  }
  const { size } = ids.storage;
  return on.compute(
    [ids],
    [size, 1, 1],
    ([handle]) => {
      const pass = (values: TypedArray) => {
        check(values);
        return on.device.view(handle as GpuHandle, [size, 1, 1]);
      };
      const values = on.device.read(handle as GpuHandle, size);
      return isPromise(values) ? values.then(pass) : pass(values);
    },
    'int32',
    { flat: true },
  );
}
