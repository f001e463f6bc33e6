import type { Axes } from '../../backend/backend';
import type { Shape } from '../../base/shape';
import { apply, type Op } from '../op';
import type { Tensor } from '../tensor';
import { broadcastTo } from './broadcast-to';
import { mul } from './mul';
import { type ReduceOptions, reducedAxes, reduceRuns } from './reduce';

const op: Op<1, Axes> = {
  name: 'sum',
  forward: (backend, [x], run) => backend.reduce('sum', x, run),
  vjp: (g, [x]) => [() => broadcastTo(g, x.shape)],
};

/** Sum over one run of axes, seen as the middle one of [outer, length, inner]; in `shape` they are 1. */
export function sumRun(x: Tensor, run: Axes, shape: Shape): Tensor {
  return apply(op, [x], run, shape);
}

/** Sum over axes; the sum of nothing is 0. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceRuns('sum', x, options, sumRun);
}

/** Mean over axes; the mean of nothing is NaN. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const count = reducedAxes('mean', x, options).reduce((product, axis) => product * (x.shape[axis] as number), 1);
  return mul(sum(x, options), 1 / count);
}
