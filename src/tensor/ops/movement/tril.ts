import { allocate } from '../../../base/dtype';
import { ShapeError } from '../../../base/errors';
import { checkArgument, refuseExtra, whole } from '../../../base/options';
import { show } from '../../../base/shape';
import { checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { mul } from '../elementwise/mul';

const diagonal = whole();

/**
 * The lower triangle of the last two axes; zeros above diagonal `k`.
 * @throws ShapeError `tril/ndim`
 */
export function tril(x: Tensor, k?: number): Tensor {
  if (arguments.length > 2) refuseExtra('tril', arguments, 2);
  if (k === undefined) return tril(x, 0);
  checkFloat('tril', x);
  checkArgument('tril', 'k', diagonal, k);
  if (x.ndim < 2) {
    throw new ShapeError({
      code: 'tril/ndim',
      got: `tril got a tensor ${show(x.shape)}`,
      expected: 'a matrix, or a batch of them',
      fix: 'reshape it first',
    });
  }
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const mask = allocate('float32', rows * columns, 'tril');
  for (let i = 0; i < rows; i++) {
    const end = Math.min(columns, Math.max(0, i + k + 1));
    mask.fill(1, i * columns, i * columns + end);
  }
  return mul(x, fromArray(mask, [rows, columns]));
}
