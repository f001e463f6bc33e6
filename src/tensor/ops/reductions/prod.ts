import type { Axes } from '../../../backend/contract';
import { refuseExtra } from '../../../base/options';
import type { Shape } from '../../../base/shape';
import type { Tensor } from '../../tensor';
import { add } from '../elementwise/add';
import { mul } from '../elementwise/mul';
import { pad } from '../movement/pad';
import { reshape } from '../movement/reshape';
import { split } from '../movement/slice';
import { type ReduceOptions, reduced, reduceRuns } from './reduce';
import { sum } from './sum';

/**
 * Product over axes; the product of nothing is 1. The two halves of an axis are multiplied until one element is left, so
 * no derivative divides by an element, and those of all orders are right where elements are 0. Cost: two passes over x.
 * @example
 * console.log(await prod(tensor([[1, 2], [3, 4]]), { axis: 1 }).array()); // prints [ 2, 12 ]
 */
export function prod(x: Tensor, options?: ReduceOptions): Tensor {
  if (arguments.length > 2) refuseExtra('prod', arguments, 2);
  return reduceRuns(x, reduced('prod', x, options), product);
}

/** Padding of the middle one of three axes. */
const oneBehind = [
  [0, 0],
  [0, 1],
  [0, 0],
] as const;

function product(x: Tensor, [outer, length, inner]: Axes, shape: Shape): Tensor {
  if (length === 0) return add(sum(reshape(x, [...shape, 0]), { axis: -1 }), 1);
  let factors = reshape(x, [outer, length, inner]);
  for (let n = length; n > 1; ) {
    const half = Math.ceil(n / 2);
    const [a, b] = split(factors, [half, n - half], 1) as [Tensor, Tensor];
    factors = mul(a, n % 2 === 0 ? b : pad(b, oneBehind, 1));
    n = half;
  }
  return reshape(factors, shape);
}
