import type { Tensor } from '../tensor';
import { abs } from './abs';
import { add } from './add';
import { less } from './compare';
import { exp } from './exp';
import { log } from './log';
import { max } from './max';
import { type ReduceOptions, reducedAxes, reducedShape } from './reduce';
import { reshape } from './reshape';
import { stopGradient } from './stop-gradient';
import { sub } from './sub';
import { sum } from './sum';
import { where } from './where';

/**
 * log Σ exp(x) over axes, shifted by the maximum so that nothing overflows; −infinity for the sum of nothing, and where
 * all elements are −infinity.
 */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = reducedAxes('logSumExp', x, options);
  if (axes.some((axis) => x.shape[axis] === 0)) return log(sum(exp(x), options));
  // The shift cancels out of value and derivatives; an infinite one would give ∞ − ∞.
  const largest = stopGradient(max(x, { axis: axes, keepDims: true }));
  const shift = where(less(abs(largest), Number.POSITIVE_INFINITY), largest, 0);
  const total = sum(exp(sub(x, shift)), { axis: axes, keepDims: true });
  return reshape(add(log(total), shift), reducedShape(x.shape, axes, options.keepDims ?? false));
}
