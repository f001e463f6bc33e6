import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { axisKind, normalizeAxis } from '../../../base/shape';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { concat } from './concat';
import { split } from './slice';

const shiftKind = whole();

/**
 * The elements moved `shift` places towards the end of an axis (towards its start for a negative shift); those that leave
 * it come back at the other end. For either dtype.
 * @throws ShapeError `axis/range`
 * @example
 * console.log(await roll(tensor([1, 2, 3, 4]), 1, 0).array()); // prints [ 4, 1, 2, 3 ]
 */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  if (arguments.length > 3) refuseExtra('roll', arguments, 3);
  checkTensor('roll', x);
  checkArgument('roll', 'shift', shiftKind, shift);
  checkArgument('roll', 'axis', axisKind, axis);
  const at = normalizeAxis('roll', axis, x.shape);
  const extent = x.shape[at] as number;
  const around = extent === 0 ? 0 : ((shift % extent) + extent) % extent;
  const [stays, comesBack] = split(x, [extent - around, around], at) as [Tensor, Tensor];
  return concat([comesBack, stays], at);
}
