import type { Tensor } from '../tensor';
import { mul } from './mul';
import { type ReduceOptions, reducedAxes } from './reduce';
import { slice } from './slice';
import { stopGradient } from './stop-gradient';
import { sub } from './sub';
import { mean } from './sum';
import { sumSquares } from './sum-squares';

/**
 * Sum of squared deviations over axes, divided by count − correction (default 1: unbiased); NaN where that is 0 or less.
 * Deviations are from the mean of x less its first element: that of equal numbers is then exactly 0, whatever their
 * size. The mean of x itself may be a rounding away from them, whose square is infinite from 1e27 on, or overflow.
 */
export function variance(x: Tensor, options: ReduceOptions & { correction?: number } = {}): Tensor {
  const { correction = 1, ...reduction } = options;
  const axes = reducedAxes('variance', x, reduction);
  const count = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
  // Neither the variance nor its derivatives know of a shift, so no gradient need pass through it.
  const shifted = count === 0 ? x : sub(x, stopGradient(firstOf(x, axes)));
  const centered = sub(shifted, mean(shifted, { axis: axes, keepDims: true }));
  return mul(sumSquares(centered, reduction), 1 / Math.max(0, count - correction));
}

/** The element at position 0 of these axes, whose extents become 1. */
function firstOf(x: Tensor, axes: readonly number[]): Tensor {
  return slice(
    x,
    [],
    x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
  );
}
