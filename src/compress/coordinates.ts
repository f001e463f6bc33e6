import type { Key } from '../base/key';
import { fromArray } from '../tensor/ops/create';
import { gather, scatterAdd } from '../tensor/ops/gather';
import { mul } from '../tensor/ops/mul';
import { permute } from '../tensor/ops/random';
import { transpose } from '../tensor/ops/transpose';
import type { Tensor } from '../tensor/tensor';
import { compressedDimension, type Projection, type Projector, project, smallerSide } from './projector';

/** The selected coordinates, as a function of a key. */
export interface CoordinateProjection extends Projection {
  /** What the selection is drawn from. */
  readonly key: Key;
}

/**
 * r of the d rows (left) or columns (right), uniformly without replacement, times √(d/r): A is a scaled selection, and
 * down and up are a gather and a scatter. Unbiased, relative squared error d/r − 1.
 */
export const coordinates: Projector<CoordinateProjection> = {
  name: 'coordinates',
  side: smallerSide,
  sample: (key, shape, rank) => ({ ...project(smallerSide(shape), shape, rank), key }),
  down: (p, g) => alongRows(p, g, (rows) => mul(gather(rows, selection(p)), gain(p))),
  up: (p, c) => alongRows(p, c, (rows) => mul(scatterAdd(rows, selection(p), compressedDimension(p)), gain(p))),
  transfer: (c, from, to) => coordinates.down(to, coordinates.up(from, c)),
  storedFloats: () => 0,
  theory(d, rank) {
    // Σ w_j·mask_j for r of d without replacement and any weights w that add up to 1 scatters most for a single w_j = 1.
    const slope = (d / rank) ** 2 - (2 * d) / rank;
    return {
      gain: 1,
      relativeMse: d / rank - 1,
      relativeMseVariance: slope ** 2 * (rank / d) * (1 - rank / d),
      varianceOf: ({ trace, diagonalSquares }) =>
        d === 1 ? 0 : ((d * (d - rank)) / (rank * (d - 1))) * (diagonalSquares - trace ** 2 / d),
    };
  },
};

/** The selected coordinates, int32 [r]. */
function selection(p: CoordinateProjection): Tensor {
  return fromArray(permute(p.key, compressedDimension(p), p.rank).slice(), [p.rank]);
}

function gain(p: CoordinateProjection): number {
  return Math.sqrt(compressedDimension(p) / p.rank);
}

/** Select among rows; on the right side the columns are the rows of the transpose. */
function alongRows(p: CoordinateProjection, x: Tensor, f: (rows: Tensor) => Tensor): Tensor {
  return p.side === 'left' ? f(x) : transpose(f(transpose(x)));
}
