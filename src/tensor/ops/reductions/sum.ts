import type { Axes } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import type { Shape } from '../../../base/shape';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { div } from '../elementwise/div';
import { mul } from '../elementwise/mul';
import { broadcastTo } from '../movement/broadcast-to';
import { type Reduced, type ReduceOptions, reduced, reduceRuns } from './reduce';

const op: Primitive<[x: Tensor], Axes> = {
  name: 'sum',
  kernel: (backend, [x], run) => backend.reduce('sum', x, run),
  vjp: (g, [x]) => [() => broadcastTo(g, x.shape)],
};

/** Sum over one run of axes, seen as the middle one of [outer, length, inner]; in `shape` they are 1. */
export function sumRun(x: Tensor, run: Axes, shape: Shape): Tensor {
  return apply(op, [x], run, shape);
}

/** Sum over axes; the sum of nothing is 0. */
export function sum(x: Tensor, options?: ReduceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('sum', arguments, 2);
  return reduceRuns(x, reduced('sum', x, options), sumRun);
}

/** Mean over axes; the mean of nothing is NaN. */
export function mean(x: Tensor, options?: ReduceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('mean', arguments, 2);
  return meanOver(x, reduced('mean', x, options));
}

/** `mean` with what it was asked for already read. */
export function meanOver(x: Tensor, over: Reduced): Tensor {
  return mul(reduceRuns(x, over, sumRun), 1 / countOf(x, over.axes));
}

/** The mean of each row of the last axis, as a column: the sum, divided. Equal elements have exactly their own mean. */
export function rowMean(x: Tensor): Tensor {
  return div(sum(x, { axis: -1, keepDims: true }), x.shape.at(-1) as number);
}

/** How many elements each result of a reduction is made of. */
export function countOf(x: Tensor, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
}
