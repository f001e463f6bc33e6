import { ShapeError } from '../../../base/errors';
import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { show } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { band } from './band';

const diagonal = whole();

/**
 * The lower triangle of the last two axes; zeros above diagonal `k`.
 * @throws ShapeError `tril/ndim`
 */
export function tril(x: Tensor, k?: number): Tensor {
  if (arguments.length > 2) refuseExtra('tril', arguments, 2);
  if (k === undefined) return tril(x, 0);
  return band('tril', x, checkMatrices('tril', x, k), -Infinity, k);
}

/**
 * The upper triangle of the last two axes; zeros below diagonal `k` (default 0, the main one; 1 leaves that out too).
 * @throws ShapeError `tril/ndim`
 * @example
 * console.log(await triu(ones([2, 3]), 1).array()); // prints [ [ 0, 1, 1 ], [ 0, 0, 1 ] ]
 */
export function triu(x: Tensor, k?: number): Tensor {
  if (arguments.length > 2) refuseExtra('triu', arguments, 2);
  if (k === undefined) return triu(x, 0);
  return band('triu', x, checkMatrices('triu', x, k), k, Infinity);
}

/** The extents of the matrices. */
function checkMatrices(where: string, x: Tensor, k: number): [rows: number, columns: number] {
  checkFloat(where, x);
  checkArgument(where, 'k', diagonal, k);
  if (x.ndim < 2) {
    throw new ShapeError({
      code: 'tril/ndim',
      got: `${where} got a tensor ${show(x.shape)}`,
      expected: 'a matrix, or a batch of them',
      fix: 'reshape it first',
    });
  }
  return x.shape.slice(-2) as [number, number];
}
