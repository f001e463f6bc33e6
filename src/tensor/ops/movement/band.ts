import { allocate } from '../../../base/dtype';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { where } from '../elementwise/where';

/**
 * x, broadcast to [..., rows, columns], where low ≤ column − row ≤ high, and 0 elsewhere: also where x is not finite
 * there, which a product with zeros and ones would turn into NaN. `name` is the function that the user called.
 */
export function band(
  name: string,
  x: Tensor,
  [rows, columns]: readonly [number, number],
  low: number,
  high: number,
): Tensor {
  const mask = allocate('int32', rows * columns, name);
  const inside = (column: number): number => Math.min(columns, Math.max(0, column));
  for (let i = 0; i < rows; i++) mask.fill(1, i * columns + inside(i + low), i * columns + inside(i + high + 1));
  return where(fromArray(mask, [rows, columns]), x, 0);
}
