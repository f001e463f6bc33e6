import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { checkFloat } from '../op';
import type { Tensor } from '../tensor';
import { mul } from './mul';
import { axesOf, reduceOptions } from './reduce';
import { sub } from './sub';
import { countOf, meanOver } from './sum';
import { sumSquaresOver } from './sum-squares';

const varianceOptions = {
  ...reduceOptions,
  /** What is subtracted from the count (default 1: unbiased). */
  correction: optional(number({ low: -Number.MAX_VALUE, high: Number.MAX_VALUE }), 1),
};

/** Axes, and the correction of the count. */
export interface VarianceOptions extends OptionsOf<typeof varianceOptions> {}

/** Sum of squared deviations over axes, divided by count − correction (default 1: unbiased); NaN where that is 0 or less. */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra('variance', arguments, 2);
  checkFloat('variance', x);
  const { axis, keepDims, correction } = readOptions('variance', varianceOptions, options, 'x');
  const axes = axesOf('variance', x, axis);
  const centered = sub(x, meanOver(x, { axes, keepDims: true }));
  return mul(sumSquaresOver(centered, { axes, keepDims }), 1 / Math.max(0, countOf(x, axes) - correction));
}
