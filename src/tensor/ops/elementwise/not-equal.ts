import { refuseExtra } from '../../../base/options';
import type { Tensor } from '../../tensor';
import type { Operand } from './binary';
import { compare, equal } from './compare';

/**
 * a ≠ b, elementwise with broadcasting: int32 zeros and ones. NaN differs from all, also from itself.
 * @example
 * console.log(await notEqual(tensor([1, 2, NaN]), 1).array()); // prints [ 0, 1, 1 ]
 */
export function notEqual(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) refuseExtra('notEqual', arguments, 2);
  return equal(compare('notEqual', 'equal', a, b), 0);
}
