import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from '../elementwise/mul';
import { stopGradient } from '../elementwise/stop-gradient';
import { sub } from '../elementwise/sub';
import { slice } from '../movement/slice';
import { axesOf, reduceOptions } from './reduce';
import { countOf, meanOver } from './sum';
import { sumSquaresOver } from './sum-squares';

const varianceOptions = {
  ...reduceOptions,
  /** What is subtracted from the count (default 1: unbiased). */
  correction: optional(number({ low: -Number.MAX_VALUE, high: Number.MAX_VALUE }), 1),
};

/** Axes, and the correction of the count. */
export interface VarianceOptions extends OptionsOf<typeof varianceOptions> {}

/**
 * Sum of squared deviations over axes, divided by count − correction (default 1: unbiased); NaN where that is 0 or less.
 * Deviations are from the mean of x less its first element: that of equal numbers is then exactly 0, whatever their
 * size. The mean of x itself may be a rounding away from them, whose square is infinite from 1e27 on, or overflow.
 */
export function variance(x: Tensor, options?: VarianceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('variance', arguments, 2);
  return varianceOf('variance', x, options);
}

/** `variance` for the function `where` that the user called. */
export function varianceOf(where: string, x: Tensor, options: VarianceOptions | undefined): Tensor {
  checkFloat(where, x);
  const { axis, keepDims, correction } = readOptions(where, varianceOptions, options === undefined ? {} : options, 'x');
  const axes = axesOf(where, x, axis);
  const count = countOf(x, axes);
  // Neither the variance nor its derivatives know of a shift, so no gradient need pass through it.
  const shifted = count === 0 ? x : sub(x, stopGradient(firstOf(x, axes)));
  const centered = sub(shifted, meanOver(shifted, { axes, keepDims: true }));
  return mul(sumSquaresOver(centered, { axes, keepDims }), 1 / Math.max(0, count - correction));
}

/** The element at position 0 of these axes, whose extents become 1. */
function firstOf(x: Tensor, axes: readonly number[]): Tensor {
  return slice(
    x,
    [],
    x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
  );
}
