import { refuseExtra } from '../../../base/options';
import { checkTensor } from '../../check';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';

const op: Primitive<[x: Tensor]> = {
  name: 'clone',
  kernel: (backend, [x]) => backend.alias(x.storage),
  vjp: (g) => [() => g],
};

/**
 * A second tensor of the same values, with a life of its own: freeing or assigning one of the two leaves the other as it
 * is. Values never change in place, so nothing is copied. Derivatives pass through (`stopGradient` keeps them back).
 */
export function clone(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('clone', arguments, 1);
  checkTensor('clone', x);
  return apply(op, [x], undefined, x.shape);
}
