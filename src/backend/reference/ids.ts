import type { TypedArray } from '../../base/dtype';
import { throwIndexRange } from '../checks';
import type { Operand } from '../contract';
import { valuesOf } from './device';

/** The ids of rows of a table. @throws ShapeError `index/range` */
export function checkedIds(where: string, ids: Operand, rows: number): TypedArray {
  const values = valuesOf(ids);
  for (const id of values) if (id < 0 || id >= rows) throwIndexRange(where, id, rows);
  return values;
}
