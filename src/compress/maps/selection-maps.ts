import { cast } from '../../tensor/ops/elementwise/cast';
import { equal } from '../../tensor/ops/elementwise/compare';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather, scatterAdd } from '../../tensor/ops/movement/gather';
import { reshape } from '../../tensor/ops/movement/reshape';
import type { Tensor } from '../../tensor/tensor';
import { compressedDimension, type Projection } from '../projector';
import type { LinearMaps } from './linear-maps';
import { rowMaps } from './row-maps';

/** An A with one entry a row: row l of A is weights[l] at ids[l]. */
export interface Selection {
  /** int32 [r], each below d; an id may occur twice. */
  readonly ids: Tensor;
  /** [r] */
  readonly weights: Tensor;
}

/** A projection that holds which rows or columns it selects. */
export interface SelectedProjection extends Projection, Selection {}

/** The linear maps of a projector that selects rows or columns: a gather down, a scatter up. */
/* @__NO_SIDE_EFFECTS__ */
export function selectionMaps<P extends Projection>(selection: (projection: P) => Selection): LinearMaps<P> {
  const column = (x: Tensor): Tensor => reshape(x, [x.size, 1]);
  return rowMaps<P>({
    downRows(p, x) {
      const { ids, weights } = selection(p);
      return mul(gather(x, ids), column(weights));
    },
    upRows(p, c) {
      const { ids, weights } = selection(p);
      return scatterAdd(mul(c, column(weights)), ids, compressedDimension(p));
    },
    cross(from, to) {
      const [rows, columns] = [selection(from), selection(to)];
      const same = cast(equal(column(rows.ids), columns.ids), 'float32'); // two rows of A meet where their ids agree
      return mul(mul(same, column(rows.weights)), columns.weights);
    },
  });
}
