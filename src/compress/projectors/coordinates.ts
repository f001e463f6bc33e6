import { fromArray, full } from '../../tensor/ops/create';
import { permute } from '../../tensor/ops/random/random';
import { type KeyedProjection, keyed } from '../keyed';
import { selectionMaps } from '../maps/selection-maps';
import { compressedDimension, type Projector } from '../projector';
import { oneSided, type Theory } from '../theory/theory';

/**
 * r of the d rows (left) or columns (right), uniformly without replacement, times √(d/r): A is a scaled selection, and
 * down and up are a gather and a scatter. Unbiased, relative squared error d/r − 1.
 */
export const coordinates = /* @__PURE__ */ coordinatesProjector('coordinates', (d, rank) => d / rank);

/** r of d coordinates, each times √gain, so that E[S] = gain·(r/d)·I. */
/* @__NO_SIDE_EFFECTS__ */
export function coordinatesProjector(
  name: string,
  gain: (d: number, rank: number) => number,
): Projector<KeyedProjection> {
  return keyed(name, {
    maps: selectionMaps((p: KeyedProjection) => {
      const d = compressedDimension(p);
      return {
        ids: fromArray(permute(p.key, d, p.rank).slice(), [p.rank]),
        weights: full([p.rank], Math.sqrt(gain(d, p.rank))),
      };
    }),
    theory: (d, rank) => coordinatesTheory(d, rank, gain(d, rank)),
  });
}

function coordinatesTheory(d: number, rank: number, gain: number): Theory {
  const share = rank / d;
  // Σ w_j·mask_j for r of d without replacement and any weights w that add up to 1 scatters most for a single w_j = 1.
  const slope = gain ** 2 - 2 * gain;
  return oneSided({
    gain: gain * share,
    relativeMse: 1 + slope * share,
    relativeMseVariance: slope ** 2 * share * (1 - share),
    varianceOf: ({ trace, diagonalSquares }) =>
      d === 1 ? 0 : gain ** 2 * ((rank * (d - rank)) / (d * (d - 1))) * (diagonalSquares - trace ** 2 / d),
  });
}
