import { type Shape, sameShape } from '../../../base/shape';
import type { Tensor } from '../../tensor';
import { reshape } from '../movement/reshape';
import { sum } from './sum';

/** Sum over the axes along which `shape` would have to be repeated to give x's shape: the transpose of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.ndim - shape.length;
  const repeated = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < missing || shape[axis - missing] !== x.shape[axis]);
  return reshape(sum(x, { axis: repeated, keepDims: true }), shape);
}
