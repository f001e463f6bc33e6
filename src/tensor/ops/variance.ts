import type { Tensor } from '../tensor';
import { mul } from './mul';
import { type ReduceOptions, reducedAxes } from './reduce';
import { sub } from './sub';
import { mean } from './sum';
import { sumSquares } from './sum-squares';

/** Sum of squared deviations over axes, divided by count − correction (default 1: unbiased); NaN where that is 0 or less. */
export function variance(x: Tensor, options: ReduceOptions & { correction?: number } = {}): Tensor {
  const { correction = 1, ...reduction } = options;
  const axes = reducedAxes('variance', x, reduction);
  const count = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
  const centered = sub(x, mean(x, { axis: axes, keepDims: true }));
  return mul(sumSquares(centered, reduction), 1 / Math.max(0, count - correction));
}
