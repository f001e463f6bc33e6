import { ShapeError } from '../../../base/errors';
import { checkArgument, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis, openShapeKind, type Shape, show, sizeOf } from '../../../base/shape';
import { checkTensor } from '../../check';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';

const op: Primitive<[x: Tensor]> = {
  name: 'reshape',
  kernel: (backend, [x]) => backend.alias(x.storage),
  vjp: (g, [x]) => [() => reshape(g, x.shape)],
};

/**
 * The same values in another shape, without a copy; one extent may be −1 and is then worked out.
 * @throws ShapeError `reshape/size`
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (arguments.length > 2) refuseExtra('reshape', arguments, 2, 'write reshape(x, [2, 3])');
  checkTensor('reshape', x);
  checkArgument('reshape', 'shape', openShapeKind, shape);
  return reshaped('reshape', x, shape);
}

function reshaped(where: string, x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const full = shape.map((extent) => (extent === -1 ? x.size / known : extent));
  const valid = full.every((extent) => Number.isInteger(extent) && extent >= 0);
  if (!valid || sizeOf(full) !== x.size || shape.filter((extent) => extent === -1).length > 1) {
    throw new ShapeError({
      code: 'reshape/size',
      got: `${where} got ${show(x.shape)} and the target ${show(shape)}`,
      expected: `a shape of ${x.size} elements, at most one extent −1`,
      fix: 'check the product of the extents',
    });
  }
  return apply(op, [x], undefined, full);
}

/**
 * Remove axes of extent 1: all of them, or the one given.
 * @throws ShapeError `axis/range`, and `reshape/size` for an axis of another extent
 */
export function squeeze(x: Tensor, axis?: number): Tensor {
  if (arguments.length > 2) refuseExtra('squeeze', arguments, 2);
  checkTensor('squeeze', x);
  if (axis !== undefined) checkArgument('squeeze', 'axis', axisKind, axis);
  const at = axis === undefined ? undefined : normalizeAxis('squeeze', axis, x.shape);
  return reshaped(
    'squeeze',
    x,
    x.shape.filter((extent, i) => (at === undefined ? extent !== 1 : i !== at)),
  );
}

/**
 * Insert an axis of extent 1 before `axis` (−1: at the end).
 * @throws ShapeError `axis/range`
 */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  if (arguments.length > 2) refuseExtra('unsqueeze', arguments, 2);
  checkTensor('unsqueeze', x);
  checkArgument('unsqueeze', 'axis', axisKind, axis);
  const at = normalizeAxis('unsqueeze', axis, [...x.shape, 1]);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}
