import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { sameShape, show } from '../../../base/shape';
import { apply, type Composite, checkDType, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { arange } from '../create';
import { cast } from '../elementwise/cast';
import { equal } from '../elementwise/compare';
import { where } from '../elementwise/where';
import { sum } from '../reductions/sum';
import { gather } from './gather';
import { unsqueeze } from './reshape';

const op: Composite<[x: Tensor, ids: Tensor]> = {
  name: 'takeAlong',
  // y = x at the id of each row
  forward: ([x, ids]) => sum(where(hits(x, ids), x, 0), { axis: -1 }),
  // dx = g at the id of each row, 0 elsewhere
  vjp: (g, [x, ids]) => [() => where(hits(x, ids), unsqueeze(g, -1), 0), null],
};

/** 1 at the id of each row, 0 elsewhere, int32 like x. `gather` refuses what is not the number of a column. */
function hits(x: Tensor, ids: Tensor): Tensor {
  const columns = cast(arange(x.shape.at(-1) as number), 'float32');
  return equal(unsqueeze(gather(columns, ids), -1), columns);
}

/**
 * One element of each row: y[…] = x[…, ids[…]]. PyTorch's `take_along_dim` with one id a row, NumPy's `take_along_axis`.
 * Its derivative puts the cotangent where the element was. Cost: a pass over x.
 * Shapes: x [..., n], ids int32 [...] → [...], n below 2²⁴.
 * @throws ShapeError `take-along/shapes`, `index/range`
 * @see gather, which takes whole rows
 */
export function takeAlong(x: Tensor, ids: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('takeAlong', arguments, 2);
  checkFloat('takeAlong', x);
  checkDType('takeAlong', ids, 'int32');
  const rows = x.shape.slice(0, -1);
  if (x.ndim === 0 || !sameShape(rows, ids.shape)) {
    throw new ShapeError({
      code: 'take-along/shapes',
      got: `takeAlong got x ${show(x.shape)} and ids ${show(ids.shape)}`,
      expected: `ids ${show(rows)}, one for each row of x`,
      fix: 'leave what is chosen from on the last axis; gather(table, ids) takes whole rows',
    });
  }
  return apply(op, [x, ids], undefined, rows);
}
