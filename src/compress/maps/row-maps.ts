import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import type { Projection, Projector } from '../projector';

/**
 * The linear maps of a projector that is best told as a map of rows, A·x [d, k] → [r, k] and Aᵀ·c [r, k] → [d, k]: on the
 * right side the columns of a gradient are the rows of its transpose. A itself is never formed; `crossOf` is A_new·A_oldᵀ
 * [r', r], which a transfer multiplies with.
 */
export function rowMaps<P extends Projection>(
  downRows: (projection: P, x: Tensor) => Tensor,
  upRows: (projection: P, c: Tensor) => Tensor,
  crossOf: (to: P, from: P) => Tensor,
): Pick<Projector<P>, 'down' | 'up' | 'transfer'> {
  const onRows = (p: P, x: Tensor, f: (projection: P, rows: Tensor) => Tensor): Tensor =>
    p.side === 'left' ? f(p, x) : transpose(f(p, transpose(x)));
  return {
    down: (p, g) => onRows(p, g, downRows),
    up: (p, c) => onRows(p, c, upRows),
    transfer(c, from, to) {
      const cross = crossOf(to, from);
      return from.side === 'right' ? matmul(c, cross, { transposeB: true }) : matmul(cross, c);
    },
  };
}
