import { finite, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { greater } from './compare';
import { mul } from './mul';
import { where } from './where';

const leakyReluOptions = {
  /** Factor of what is not positive (default 0.01). */
  slope: optional(finite, 0.01),
};

/** How much of what is negative gets through. */
export interface LeakyReluOptions extends OptionsOf<typeof leakyReluOptions> {}

/**
 * x where x > 0 and slope·x elsewhere; the derivative at 0 is the slope.
 * @throws OptionError `options/range`, `options/unknown`
 * @example
 * console.log(await leakyRelu(tensor([3, -4]), { slope: 0.25 }).array()); // prints [ 3, -1 ]
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra('leakyRelu', arguments, 2);
  checkFloat('leakyRelu', x);
  const { slope } = readOptions('leakyRelu', leakyReluOptions, options, 'x');
  return where(greater(x, 0), x, mul(slope, x));
}
