import { fromArray, full } from '../../tensor/ops/create';
import { permute } from '../../tensor/ops/random/random';
import { type KeyedProjection, keyed } from '../keyed';
import { selectionMaps } from '../maps/selection-maps';
import { compressedDimension } from '../projector';
import { oneSided } from '../theory/theory';

/**
 * r of the d rows (left) or columns (right), uniformly without replacement, times √(d/r): A is a scaled selection, and
 * down and up are a gather and a scatter. Unbiased, relative squared error d/r − 1.
 */
export const coordinates = /* @__PURE__ */ keyed('coordinates', {
  maps: selectionMaps((p: KeyedProjection) => {
    const d = compressedDimension(p);
    return {
      ids: fromArray(permute(p.key, d, p.rank).slice(), [p.rank]),
      weights: full([p.rank], Math.sqrt(d / p.rank)),
    };
  }),
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
