import type { Axes } from '../../../backend/contract';
import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { show } from '../../../base/shape';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { cast } from '../elementwise/cast';
import { equal } from '../elementwise/compare';
import { div } from '../elementwise/div';
import { mul } from '../elementwise/mul';
import { reshape } from '../movement/reshape';
import { type ReduceOptions, reduced, reduceRuns } from './reduce';
import { sum } from './sum';

/** Largest element over axes; NaN wins. Ties share the cotangent evenly. */
export const max = extreme('max');
/** Smallest element over axes; NaN wins. Ties share the cotangent evenly. */
export const min = extreme('min');

function extreme(name: 'max' | 'min'): (x: Tensor, options?: ReduceOptions) => Tensor {
  const op: Primitive<[x: Tensor], Axes> = {
    name,
    kernel: (backend, [x], run) => backend.reduce(name, x, run),
    vjp: (g, [x], { output, attributes: [outer, length, inner] }) => [
      () => {
        const column = (t: Tensor): Tensor => reshape(t, [outer, 1, inner]);
        const hits = cast(equal(reshape(x, [outer, length, inner]), column(output)), 'float32');
        return reshape(mul(hits, div(column(g), sum(hits, { axis: 1, keepDims: true }))), x.shape);
      },
    ],
  };
  return function (x, options) {
    if (arguments.length > 2) refuseExtra(name, arguments, 2);
    const over = reduced(name, x, options);
    if (over.axes.some((axis) => x.shape[axis] === 0)) throw emptyReduction(name, x);
    return reduceRuns(x, over, (part, run, shape) => apply(op, [part], run, shape));
  };
}

export function emptyReduction(name: string, x: Tensor): ShapeError {
  return new ShapeError({
    code: 'reduce/empty',
    got: `${name} got ${show(x.shape)} and an axis without elements`,
    expected: 'at least one element to choose from',
    fix: 'check for an empty batch first',
  });
}
