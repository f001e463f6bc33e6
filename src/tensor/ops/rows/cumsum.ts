import type { Axes } from '../../../backend/contract';
import { type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { axisKind, normalizeAxis, sizeOf } from '../../../base/shape';
import { apply, checkFloat, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { reshape } from '../movement/reshape';

interface Attributes {
  readonly axes: Axes;
  /** Add from the end. */
  readonly reverse: boolean;
}

const op: Primitive<[x: Tensor], Attributes> = {
  name: 'cumsum',
  kernel: (backend, [x], { axes, reverse }) => backend.cumsum(x, axes, reverse),
  // dxₗ = Σ of the cotangents from l on: the same in the other direction.
  vjp: (g, _, { attributes: { axes, reverse } }) => [() => apply(op, [g], { axes, reverse: !reverse }, g.shape)],
};

const cumsumOptions = {
  /** The axis, negative ones counted from the back (default: the tensor as one vector). */
  axis: optional(axisKind),
};

/** Along which axis. */
export interface CumsumOptions extends OptionsOf<typeof cumsumOptions> {}

/**
 * Running sums along an axis, each including its own element (default: of all elements in order, as a vector). A kernel
 * of its own, since sums of halves or products with a triangle would need more than one addition an element.
 * Shapes: x [...] → the same, or [size] without an axis.
 * @throws ShapeError `axis/range`
 */
export function cumsum(x: Tensor, options?: CumsumOptions): Tensor {
  if (arguments.length > 2) refuseExtra('cumsum', arguments, 2);
  checkFloat('cumsum', x);
  const { axis } = readOptions('cumsum', cumsumOptions, options === undefined ? {} : options, 'x');
  if (axis === undefined) return cumsum(reshape(x, [x.size]), { axis: 0 });
  const { shape } = x;
  const at = normalizeAxis('cumsum', axis, shape);
  const axes = [sizeOf(shape.slice(0, at)), shape[at] as number, sizeOf(shape.slice(at + 1))] as const;
  return apply(op, [x], { axes, reverse: false }, shape);
}
