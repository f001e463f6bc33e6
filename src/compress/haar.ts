import { fillRow } from '../base/distribution';
import type { Key } from '../base/key';
import { fromArray } from '../tensor/ops/create';
import { matrixMaps } from './matrix-projector';
import { compressedDimension, type Projection, type Projector, project, smallerSide } from './projector';

/** An orthonormal projection, as a function of a key. */
export interface HaarProjection extends Projection {
  /** What the rows are drawn from. */
  readonly key: Key;
}

/**
 * A = √(d/r)·Q with r orthonormal rows, uniformly distributed (Haar). Unbiased, relative squared error (d − r)/r, the
 * smallest of the projectors here that ignore the gradient, and lossless at r = d. Q is made anew for every product:
 * 2·r²·d flops in float64, so it is for studies rather than for training large models.
 *
 * For a unit vector b = ‖Qx‖² is Beta(r/2, (d − r)/2) and the squared error is 1 + (d²/r² − 2d/r)·b.
 */
export const haar: Projector<HaarProjection> = {
  name: 'haar',
  side: smallerSide,
  sample: (key, shape, rank) => ({ ...project(smallerSide(shape), shape, rank), key }),
  ...matrixMaps<HaarProjection>((p) => {
    const d = compressedDimension(p);
    const rows = orthonormalRows(p.key, p.rank, d);
    const gain = Math.sqrt(d / p.rank);
    return fromArray(
      Float32Array.from(rows, (x) => gain * x),
      [p.rank, d],
    );
  }),
  storedFloats: () => 0,
  theory(d, rank) {
    const slope = (d / rank) ** 2 - (2 * d) / rank;
    const betaVariance = (2 * rank * (d - rank)) / (d ** 2 * (d + 2));
    return {
      gain: 1,
      relativeMse: (d - rank) / rank,
      relativeMseVariance: slope ** 2 * betaVariance,
      varianceOf: ({ trace, squares }) =>
        d === 1
          ? 0
          : (d / rank) ** 2 * ((2 * rank * (d - rank)) / (d * (d - 1) * (d + 2))) * (squares - trace ** 2 / d),
    };
  },
};

/**
 * r Gaussian rows of length d, orthonormalised by modified Gram-Schmidt, twice for stability. Each row keeps its own
 * direction (the triangular factor has a positive diagonal), which is what makes the result Haar distributed.
 */
function orthonormalRows(key: Key, rank: number, d: number): Float64Array {
  const q = new Float64Array(rank * d);
  const draw = new Float32Array(d);
  for (let i = 0; i < rank; i++) {
    fillRow('normal', key, i, 0, draw);
    const row = q.subarray(i * d, (i + 1) * d);
    row.set(draw);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = q.subarray(j * d, (j + 1) * d);
        const dot = inner(row, other);
        for (let l = 0; l < d; l++) (row[l] as number) -= dot * (other[l] as number);
      }
    }
    const norm = Math.sqrt(inner(row, row));
    for (let l = 0; l < d; l++) (row[l] as number) /= norm;
  }
  return q;
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let l = 0; l < a.length; l++) sum += (a[l] as number) * (b[l] as number);
  return sum;
}
