import { refuseExtra } from '../../../base/options';
import type { Tensor } from '../../tensor';
import { rootOf } from './norm';
import { type VarianceOptions, varianceOf } from './variance';

/**
 * Standard deviation over axes, the root of `variance`, with the same default: the correction 1. Where all elements are
 * equal it and its derivative are 0.
 * @example
 * console.log(await std(tensor([1, 2, 3])).item()); // prints 1
 */
export function std(x: Tensor, options?: VarianceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('std', arguments, 2);
  return rootOf(varianceOf('std', x, options));
}
