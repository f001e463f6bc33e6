import { checkArgument, number, refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { maximum, minimum } from './maximum';

const bound = number({ low: -Infinity, high: Infinity });

/** x limited to [low, high], elementwise. */
export function clip(x: Tensor, low: number, high: number): Tensor {
  if (arguments.length > 3) refuseExtra('clip', arguments, 3);
  checkFloat('clip', x);
  checkArgument('clip', 'low', bound, low);
  checkArgument('clip', 'high', bound, high);
  return minimum(maximum(x, low), high);
}
