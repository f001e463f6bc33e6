import { ShapeError } from '../../../base/errors';
import { checkArgument, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis, type Shape, sameShape, show, sizeOf } from '../../../base/shape';
import { apply, type Composite, checkDType, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { arange } from '../create';
import { cast } from '../elementwise/cast';
import { equal } from '../elementwise/compare';
import { where } from '../elementwise/where';
import { sum } from '../reductions/sum';
import { gather } from './gather';
import { checkedIds, idsOnHost } from './ids';
import { reshape, squeeze, unsqueeze } from './reshape';
import { transpose } from './transpose';

/** One element of each row of the last axis. */
const op: Composite<[x: Tensor, ids: Tensor]> = {
  name: 'takeAlong',
  // y = x at the id of each row
  forward: ([x, ids]) => sum(where(hits('takeAlong', ids, x.shape.at(-1) as number), x, 0), { axis: -1 }),
  // dx = g at the id of each row, 0 elsewhere
  vjp: (g, [x, ids]) => [() => where(hits('takeAlong', ids, x.shape.at(-1) as number), unsqueeze(g, -1), 0), null],
};

/** int32 [...ids, columns]: 1 at the id of each row, 0 elsewhere. */
export function hits(where: string, ids: Tensor, columns: number): Tensor {
  const chosen = cast(checkedIds(where, ids, columns), 'float32');
  return equal(unsqueeze(chosen, -1), cast(arange(columns), 'float32'));
}

/**
 * Elements chosen along an axis (default −1, the last): y[i, j] = x[i, ids[i, j]]. With ids of as many axes as x there are
 * as many elements as ids, any number of them along the axis; with ids that lack the axis, one is chosen at each place
 * and the axis goes: y[i] = x[i, ids[i]]. On all other axes ids and x agree. PyTorch's `take_along_dim` and `gather`,
 * NumPy's `take_along_axis`. The derivative puts each cotangent where its element was, and adds up those that meet.
 * Cost: a pass over x for one id a row, one over the ids for more.
 * Shapes: x [a, n, b], axis 1, ids int32 [a, m, b] → [a, m, b], or ids [a, b] → [a, b]; n below 2²⁴.
 * @throws ShapeError `take-along/shapes`, `axis/range`, `index/range`
 * @see gather, which takes whole rows
 * @example
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * console.log(await takeAlong(x, tensor([2, 0], { dtype: 'int32' })).array()); // prints [ 3, 4 ]
 * console.log(await takeAlong(x, tensor([[1, 0, 1]], { dtype: 'int32' }), 0).array()); // prints [ [ 4, 2, 6 ] ]
 */
export function takeAlong(x: Tensor, ids: Tensor, axis?: number): Tensor {
  if (arguments.length > 3) refuseExtra('takeAlong', arguments, 3);
  if (axis === undefined) return takeAlong(x, ids, -1);
  checkFloat('takeAlong', x);
  checkDType('takeAlong', ids, 'int32');
  checkArgument('takeAlong', 'axis', axisKind, axis);
  if (x.ndim === 0) throw mismatch(x, ids, []);
  const at = normalizeAxis('takeAlong', axis, x.shape);
  const places = x.shape.toSpliced(at, 1);
  const many = ids.ndim === x.ndim;
  if (!sameShape(many ? ids.shape.toSpliced(at, 1) : ids.shape, places)) throw mismatch(x, ids, places);
  if (!many) return oneEach(x, ids, at);
  if (ids.shape[at] === 1) return unsqueeze(oneEach(x, squeeze(ids, at), at), at);
  const [outer, inner] = [sizeOf(places.slice(0, at)), sizeOf(places.slice(at))];
  const [length, block] = [x.shape[at] as number, ids.size / outer];
  // Where the elements are in the whole of x, which is [outer, length, inner].
  const flat = idsOnHost('takeAlong', ids, ids.shape, length, (chosen) =>
    chosen.map((id, i) => (Math.floor(i / block) * length + id) * inner + (i % inner)),
  );
  return gather(reshape(x, [x.size]), flat);
}

/** One element at each place of the other axes. */
function oneEach(x: Tensor, ids: Tensor, axis: number): Tensor {
  const others = [...x.shape.keys()].filter((a) => a !== axis);
  const rows = axis === x.ndim - 1 ? x : transpose(x, [...others, axis]);
  return apply(op, [rows, ids], undefined, ids.shape);
}

function mismatch(x: Tensor, ids: Tensor, places: Shape): ShapeError {
  return new ShapeError({
    code: 'take-along/shapes',
    got: `takeAlong got x ${show(x.shape)} and ids ${show(ids.shape)}`,
    expected: `ids ${show(places)}, one for each row of x, or as many axes as x, with any number of ids along the axis`,
    fix: 'name the axis that is chosen from; gather(table, ids) takes whole rows',
  });
}
