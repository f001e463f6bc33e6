import { transpose } from '../../tensor/ops/movement/transpose';
import type { Tensor } from '../../tensor/tensor';
import type { Projection } from '../projector';
import { type LinearMaps, linearMaps, timesMatrix } from './linear-maps';

/** An A [r, d] that is a map of rows and need not be formed. */
export interface RowProducts<P extends Projection> {
  /** A·x [d, k] → [r, k] */
  downRows(p: P, x: Tensor): Tensor;
  /** Aᵀ·c [r, k] → [d, k] */
  upRows(p: P, c: Tensor): Tensor;
  /** A_from·A_toᵀ [r, r'] */
  cross(from: P, to: P): Tensor;
  /** A as a whole, if a product with it takes less time than the maps of rows up to some rank. */
  readonly whole?: { readonly upTo: number; matrix(p: P): Tensor };
}

/**
 * The linear maps of such a projector: on the right side the columns of a gradient are the rows of its transpose. A product
 * with few rows of A runs at the speed of the arithmetic and reads the gradient once, where maps of rows read it several
 * times: below a rank that was measured (`npm run bench:projectors`) A is made and multiplied, which adds up the same
 * numbers in another order.
 */
/* @__NO_SIDE_EFFECTS__ */
export function rowMaps<P extends Projection>({ downRows, upRows, cross, whole }: RowProducts<P>): LinearMaps<P> {
  return linearMaps({
    times(p, x, way) {
      if (whole !== undefined && p.rank <= whole.upTo) return timesMatrix(p.side, whole.matrix(p), x, way);
      const rows = way === 'down' ? downRows : upRows;
      return p.side === 'left' ? rows(p, x) : transpose(rows(p, transpose(x)));
    },
    cross,
  });
}
