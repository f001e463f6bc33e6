import { transpose } from '../../tensor/ops/movement/transpose';
import type { Tensor } from '../../tensor/tensor';
import type { Projection } from '../projector';
import { type LinearMaps, linearMaps } from './linear-maps';

/** An A [r, d] that is a map of rows and never formed. */
export interface RowProducts<P extends Projection> {
  /** A·x [d, k] → [r, k] */
  downRows(p: P, x: Tensor): Tensor;
  /** Aᵀ·c [r, k] → [d, k] */
  upRows(p: P, c: Tensor): Tensor;
  /** A_from·A_toᵀ [r, r'] */
  cross(from: P, to: P): Tensor;
}

/** The linear maps of such a projector: on the right side the columns of a gradient are the rows of its transpose. */
/* @__NO_SIDE_EFFECTS__ */
export function rowMaps<P extends Projection>({ downRows, upRows, cross }: RowProducts<P>): LinearMaps<P> {
  return linearMaps({
    times(p, x, way) {
      const rows = way === 'down' ? downRows : upRows;
      return p.side === 'left' ? rows(p, x) : transpose(rows(p, transpose(x)));
    },
    cross,
  });
}
