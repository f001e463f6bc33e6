import type { Axes } from '../../backend/backend';
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

/** Sum over axes; the sum of nothing is 0. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceRuns('sum', x, options, (part, run, shape) => apply(op, [part], run, shape));
}

/** Mean over axes; the mean of nothing is NaN. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const count = reducedAxes('mean', x, options).reduce((product, axis) => product * (x.shape[axis] as number), 1);
  return mul(sum(x, options), 1 / count);
}
