import { throwIndexRange } from '../../../backend/checks';
import type { TypedArray } from '../../../base/dtype';
import { onHost } from '../../linalg/on-host';
import type { Tensor } from '../../tensor';

/**
 * The same ids, for kernels that do not check them. A backend that answers later throws when the result is read.
 * @throws ShapeError `index/range` for one that is not from 0 to rows − 1, in the name of the function `where`
 */
export function checkedIds(where: string, ids: Tensor, rows: number): Tensor {
  return idsOnHost(where, ids, ids.shape, rows, (values) => values);
}

/** Other int32 numbers, computed on the host from ids that are checked. */
export function idsOnHost(
  where: string,
  ids: Tensor,
  shape: readonly number[],
  rows: number,
  compute: (ids: TypedArray) => TypedArray,
): Tensor {
  const [made] = onHost(
    where,
    [ids],
    [shape],
    ([values]) => {
      for (const id of values as TypedArray) if (id < 0 || id >= rows) throwIndexRange(where, id, rows);
      return [compute(values as TypedArray)];
    },
    'int32',
  );
  return made as Tensor;
}
