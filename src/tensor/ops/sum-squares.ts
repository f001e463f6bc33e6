import type { Axes } from '../../backend/backend';
import { apply, type Op } from '../op';
import type { Tensor } from '../tensor';
import { mul } from './mul';
import { type ReduceOptions, reducedAxes, reduceRuns } from './reduce';
import { square } from './square';
import { sumRun } from './sum';

const op: Op<1, Axes> = {
  name: 'sumSquares',
  forward: (backend, [x], run) => backend.reduce('sumSquares', x, run),
  vjp: (g, [x]) => [() => mul(g, mul(2, x))],
};

/** Sum of x² over axes, without a tensor of squares; the sum of nothing is 0. */
export function sumSquares(x: Tensor, options: ReduceOptions = {}): Tensor {
  if (reducedAxes('sumSquares', x, options).length === 0) return square(x);
  return reduceRuns('sumSquares', x, options, (part, run, shape) =>
    part === x ? apply(op, [part], run, shape) : sumRun(part, run, shape),
  );
}
