import { ShapeError } from '../../base/errors';
import { checkArgument, refuseExtra, whole } from '../../base/options';
import { show } from '../../base/shape';
import { checkFloat } from '../op';
import type { Tensor } from '../tensor';
import { fromArray } from './create';
import { mul } from './mul';

const diagonal = whole();

/**
 * The lower triangle of the last two axes; zeros above diagonal `k`.
 * @throws ShapeError `tril/ndim`
 */
export function tril(x: Tensor, k = 0): Tensor {
  if (arguments.length > 2) refuseExtra('tril', arguments, 2);
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
  const mask = Float32Array.from({ length: rows * columns }, (_, i) =>
    i % columns <= Math.floor(i / columns) + k ? 1 : 0,
  );
  return mul(x, fromArray(mask, [rows, columns]));
}
