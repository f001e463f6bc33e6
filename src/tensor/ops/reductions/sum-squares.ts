import type { Axes } from '../../../backend/contract';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { mul } from '../elementwise/mul';
import { square } from '../elementwise/square';
import { type Reduced, reduced, reduceRuns } from './reduce';
import { sumRun } from './sum';

const op: Primitive<[x: Tensor], Axes> = {
  name: 'sumSquares',
  kernel: (backend, [x], run) => backend.reduce('sumSquares', x, run),
  vjp: (g, [x]) => [() => mul(g, mul(2, x))],
};

/** Sum of x² over axes, without a tensor of squares; the sum of nothing is 0. */
export function sumSquares(x: Tensor): Tensor {
  return sumSquaresOver(x, reduced('sumSquares', x, undefined));
}

/** `sumSquares` over some axes. */
export function sumSquaresOver(x: Tensor, over: Reduced): Tensor {
  if (over.axes.length === 0) return square(x);
  return reduceRuns(x, over, (part, run, shape) =>
    part === x ? apply(op, [part], run, shape) : sumRun(part, run, shape),
  );
}
