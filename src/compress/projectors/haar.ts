import { fromArray } from '../../tensor/ops/create';
import { type KeyedProjection, keyed } from '../keyed';
import { lastMade } from '../maps/last-made';
import { matrixMaps } from '../maps/matrix-maps';
import { orthonormalRows } from '../maps/orthonormal-rows';
import { compressedDimension, type Projector } from '../projector';
import { oneSided, type Theory } from '../theory/theory';

/**
 * A = √(d/r)·Q with r orthonormal rows, uniformly distributed (Haar). Unbiased, relative squared error (d − r)/r, the
 * smallest of the projectors here that ignore the gradient, and lossless at r = d. An entry of Q depends on the whole draw,
 * so Q cannot be generated inside a product: it is made when down first uses a projection, in float64, 2·r²·d to 4·r²·d flops
 * beside r·d normal numbers, which is for studies rather than for training large models.
 */
export const haar = haarProjector('haar', (d, rank) => d / rank);

/**
 * Haar rows with A = √gain·Q, so that E[S] = gain·(r/d)·I.
 *
 * For a unit vector b = ‖Qx‖² is Beta(r/2, (d − r)/2), and with ‖Sx‖² = gain²·b the squared error is
 * 1 + (gain² − 2·gain)·b.
 */
/* @__NO_SIDE_EFFECTS__ */
export function haarProjector(name: string, gain: (d: number, rank: number) => number): Projector<KeyedProjection> {
  const matrix = lastMade((p: KeyedProjection) => {
    const d = compressedDimension(p);
    const scale = Math.sqrt(gain(d, p.rank));
    return new Float32Array(orthonormalRows(p.key, p.rank, d).map((x) => scale * x));
  });
  return keyed(name, {
    maps: matrixMaps<KeyedProjection>((p) => fromArray(matrix(p), [p.rank, compressedDimension(p)])),
    theory: (d, rank) => haarTheory(d, rank, gain(d, rank)),
  });
}

function haarTheory(d: number, rank: number, gain: number): Theory {
  const slope = gain ** 2 - 2 * gain;
  const betaVariance = (2 * rank * (d - rank)) / (d ** 2 * (d + 2));
  return oneSided({
    gain: (gain * rank) / d,
    relativeMse: Math.max(0, 1 + (slope * rank) / d),
    relativeMseVariance: slope ** 2 * betaVariance,
    varianceOf: ({ trace, squares }) =>
      d === 1 ? 0 : gain ** 2 * ((2 * rank * (d - rank)) / (d * (d - 1) * (d + 2))) * (squares - trace ** 2 / d),
  });
}
