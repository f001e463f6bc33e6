import { ShapeError } from '../../../base/errors';
import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { checkShape, show } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { sum } from '../reductions/sum';
import { band } from './band';
import { pad } from './pad';
import { slice } from './slice';

const diagonal = whole();

/**
 * A vector as diagonal `k` of a square matrix of zeros, or diagonal `k` of a matrix as a vector. Diagonal 0 (the default)
 * is the main one, positive ones are above it. One that lies outside the matrix is empty, as in NumPy.
 * Shapes: x [n] → [n + |k|, n + |k|]; x [m, n] → [length of the diagonal]. Cost: a pass over the matrix.
 * @throws ShapeError `diag/ndim`
 * @example
 * console.log(await diag(tensor([1, 2])).array()); // prints [ [ 1, 0 ], [ 0, 2 ] ]
 * console.log(await diag(tensor([[1, 2], [3, 4]]), 1).array()); // prints [ 2 ]
 */
export function diag(x: Tensor, k?: number): Tensor {
  if (arguments.length > 2) refuseExtra('diag', arguments, 2);
  if (k === undefined) return diag(x, 0);
  checkFloat('diag', x);
  checkArgument('diag', 'k', diagonal, k);
  const [down, right] = [Math.max(0, -k), Math.max(0, k)];
  if (x.ndim === 1) {
    const n = x.size + down + right;
    checkShape('diag', [n, n]);
    return band('diag', pad(x, [[right, down]]), [n, n], k, k); // each element in its column, then in its row
  }
  if (x.ndim !== 2) {
    throw new ShapeError({
      code: 'diag/ndim',
      got: `diag got a tensor ${show(x.shape)}`,
      expected: 'a vector, or a matrix',
      fix: 'pass one of a batch at a time, such as x.at(0)',
    });
  }
  const [m, n] = x.shape as unknown as [number, number];
  const [top, left] = [Math.min(down, m), Math.min(right, n)];
  const length = Math.min(m - top, n - left);
  const square = slice(x, [top, left], [top + length, left + length]);
  return sum(band('diag', square, [length, length], 0, 0), { axis: 1 });
}
