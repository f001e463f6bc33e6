import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { checkDType } from '../../op';
import type { Tensor } from '../../tensor';
import { cast } from '../elementwise/cast';
import { hits } from './take-along';

const classesKind = whole({ low: 0, high: 2 ** 24 });

/**
 * A row for each id, 1 in the column of the id and 0 elsewhere, float32. No derivative. `crossEntropy` takes ids as they
 * are, and `gather(table, ids)` is the product with a table without the zeros.
 * Shapes: ids int32 of any shape → [...ids, classes], at most 2²⁴ classes.
 * @throws ShapeError `index/range` for an id that is not from 0 to classes − 1
 * @example
 * console.log(await oneHot(tensor([2, 0], { dtype: 'int32' }), 3).array()); // prints [ [ 0, 0, 1 ], [ 1, 0, 0 ] ]
 */
export function oneHot(ids: Tensor, classes: number): Tensor {
  if (arguments.length > 2) refuseExtra('oneHot', arguments, 2);
  checkDType('oneHot', ids, 'int32');
  checkArgument('oneHot', 'classes', classesKind, classes);
  return cast(hits('oneHot', ids, classes), 'float32');
}
