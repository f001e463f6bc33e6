import { refuseExtra } from '../../../base/options';
import type { Tensor } from '../../tensor';
import { abs } from '../elementwise/abs';
import { add } from '../elementwise/add';
import { less } from '../elementwise/compare';
import { exp } from '../elementwise/exp';
import { log } from '../elementwise/log';
import { stopGradient } from '../elementwise/stop-gradient';
import { sub } from '../elementwise/sub';
import { where } from '../elementwise/where';
import { reshape } from '../movement/reshape';
import { max } from '../reductions/max';
import { type ReduceOptions, reduced, reducedShape, reduceRuns } from '../reductions/reduce';
import { sum, sumRun } from '../reductions/sum';

/**
 * log Σ exp(x) over axes, shifted by the maximum so that nothing overflows; −infinity for the sum of nothing, and where
 * all elements are −infinity.
 */
export function logSumExp(x: Tensor, options?: ReduceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('logSumExp', arguments, 2);
  const over = reduced('logSumExp', x, options);
  const { axes, keepDims } = over;
  if (axes.some((axis) => x.shape[axis] === 0)) return log(reduceRuns(exp(x), over, sumRun));
  // The shift cancels out of value and derivatives; an infinite one would give ∞ − ∞.
  const largest = stopGradient(max(x, { axis: axes, keepDims: true }));
  const shift = where(less(abs(largest), Number.POSITIVE_INFINITY), largest, 0);
  const total = sum(exp(sub(x, shift)), { axis: axes, keepDims: true });
  return reshape(add(log(total), shift), reducedShape(x.shape, axes, keepDims));
}
