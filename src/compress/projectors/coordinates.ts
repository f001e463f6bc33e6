import type { Key } from '../../base/key';
import { fromArray, full } from '../../tensor/ops/create';
import { permute } from '../../tensor/ops/random/random';
import { checkedProjector } from '../checked-projector';
import { selectionMaps } from '../maps/selection-maps';
import { compressedDimension, type Projection, project, smallerSide } from '../projector';
import { oneSided } from '../theory/theory';

/** The selected coordinates, as a function of a key. */
export interface CoordinateProjection extends Projection {
  /** What the selection is drawn from. */
  readonly key: Key;
}

/**
 * r of the d rows (left) or columns (right), uniformly without replacement, times √(d/r): A is a scaled selection, and
 * down and up are a gather and a scatter. Unbiased, relative squared error d/r − 1.
 */
export const coordinates = checkedProjector<CoordinateProjection>({
  name: 'coordinates',
  side: smallerSide,
  sample(key, shape, rank) {
    return { ...project(this.side(shape), shape, rank), key };
  },
  ...selectionMaps((p: CoordinateProjection) => {
    const d = compressedDimension(p);
    return {
      ids: fromArray(permute(p.key, d, p.rank).slice(), [p.rank]),
      weights: full([p.rank], Math.sqrt(d / p.rank)),
    };
  }),
  storedFloats: () => 0,
  theory(d, rank) {
    // Σ w_j·mask_j for r of d without replacement and any weights w that add up to 1 scatters most for a single w_j = 1.
    const slope = (d / rank) ** 2 - (2 * d) / rank;
    return oneSided({
      gain: 1,
      relativeMse: d / rank - 1,
      relativeMseVariance: slope ** 2 * (rank / d) * (1 - rank / d),
      varianceOf: ({ trace, diagonalSquares }) =>
        d === 1 ? 0 : ((d * (d - rank)) / (rank * (d - 1))) * (diagonalSquares - trace ** 2 / d),
    });
  },
});
