import { refuseExtra } from '../../../base/options';
import { checkTensor } from '../../check';
import { compute } from '../../op';
import type { Tensor } from '../../tensor';

/** The same values as a constant: no derivative passes through. */
export function stopGradient(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('stopGradient', arguments, 1);
  checkTensor('stopGradient', x);
  return compute('stopGradient', [x], x.shape, (backend, [value]) => backend.alias(value.storage));
}
