import { fillRow } from '../../base/distribution';
import { fold } from '../../base/key';
import { fromArray } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather, scatterAdd } from '../../tensor/ops/movement/gather';
import { place } from '../../tensor/ops/movement/pad';
import { reshape } from '../../tensor/ops/movement/reshape';
import { slice } from '../../tensor/ops/movement/slice';
import { permute } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { type KeyedProjection, keyed } from '../keyed';
import { lastMade } from '../maps/last-made';
import { rowMaps } from '../maps/row-maps';
import { walshHadamard } from '../maps/walsh-hadamard';
import { compressedDimension } from '../projector';
import { oneSided } from '../theory/theory';

/**
 * Subsampled randomized Hadamard transform: A = R·H·D/√r with random signs D, the Walsh-Hadamard matrix H of ±1, and R a
 * choice of r of its rows without replacement. Where d is no power of two, zeros fill the gradient up to d' = 2^p. Unbiased,
 * relative squared error (d − 1)(d' − r)/(r(d' − 1)), which is d/r − 1 for d = d'. Down and up cost O(log d) an entry of the
 * gradient instead of r; up to rank 64 a product with the whole A takes less time, and takes the place of the transform.
 *
 * S_jj = 1, and S_ij = D_i·D_j·t(i xor j) with E[t²] = τ = (d' − r)/(r(d' − 1)). Without filling, S² = (d/r)·S, so the error
 * of a unit vector x is 1 + (d/r − 2)·xᵀSx; filling drops a part of that error, which bounds its second moment.
 * @see Tropp, "Improved analysis of the subsampled randomized Hadamard transform", 2011.
 */
export const srht = /* @__PURE__ */ keyed('srht', {
  maps: rowMaps<KeyedProjection>({
    downRows(p, x) {
      const filled = place(mul(x, signs(p)), [0, 0], [powerOfTwo(compressedDimension(p)), x.shape[1] as number]);
      return mul(gather(walshHadamard(filled), rows(p)), 1 / Math.sqrt(p.rank));
    },
    upRows(p, c) {
      const d = compressedDimension(p);
      const spread = walshHadamard(scatterAdd(mul(c, 1 / Math.sqrt(p.rank)), rows(p), powerOfTwo(d)));
      return mul(slice(spread, [0, 0], [d, c.shape[1] as number]), signs(p));
    },
    // (H·D·D'·H)_ij is entry i xor j of the transform of the diagonal of D·D'.
    cross(from, to) {
      const filled = powerOfTwo(compressedDimension(from));
      const spectrum = walshHadamard(place(mul(signs(from), signs(to)), [0, 0], [filled, 1]));
      const [old, kept] = [order(from), order(to)];
      const entries = Int32Array.from({ length: from.rank * to.rank }, (_, at) => {
        return (old[Math.floor(at / to.rank)] as number) ^ (kept[at % to.rank] as number);
      });
      const cross = reshape(gather(spectrum, fromArray(entries, [from.rank, to.rank])), [from.rank, to.rank]);
      return mul(cross, 1 / Math.sqrt(from.rank * to.rank));
    },
    whole: { upTo: 64, matrix: (p) => fromArray(matrix(p), [p.rank, compressedDimension(p)]) },
  }),
  theory(d, rank) {
    const filled = powerOfTwo(d);
    const tau = filled === 1 ? 0 : (filled - rank) / (rank * (filled - 1));
    const relativeMse = (d - 1) * tau;
    const whole = (filled / rank - 2) ** 2 * 2 * (1 - 1 / filled) * tau; // variance of the error with nothing dropped
    return oneSided({
      gain: 1,
      relativeMse,
      relativeMseVariance: d === filled ? whole : whole + (filled / rank - 1) ** 2 - relativeMse ** 2,
      varianceOf: ({ squares, diagonalSquares }) => Math.max(0, 2 * (squares - diagonalSquares) * tau),
    });
  },
});

/** A [r, d]. A row of H doubles itself: H_ij for j with the bit b set is that without it, times −1 where i has b too. */
const matrix = /* @__PURE__ */ lastMade((p: KeyedProjection) => {
  const d = compressedDimension(p);
  const values = new Float32Array(p.rank * d);
  const [diagonal, kept] = [signValues(p), order(p)];
  for (let l = 0; l < p.rank; l++) {
    const row = values.subarray(l * d, (l + 1) * d);
    row[0] = 1 / Math.sqrt(p.rank);
    for (let width = 1; width < d; width *= 2) {
      const sign = ((kept[l] as number) & width) === 0 ? 1 : -1;
      const end = Math.min(d, 2 * width);
      for (let j = width; j < end; j++) row[j] = sign * (row[j - width] as number);
    }
    for (let j = 0; j < d; j++) (row[j] as number) *= diagonal[j] as number;
  }
  return values;
});

/** D as a column [d, 1]. */
function signs(p: KeyedProjection): Tensor {
  return fromArray(signValues(p), [compressedDimension(p), 1]);
}

/** The same as numbers. */
function signValues(p: KeyedProjection): Float32Array<ArrayBuffer> {
  const values = new Float32Array(compressedDimension(p));
  fillRow('rademacher', fold(p.key, 'signs'), 0, 0, values);
  return values;
}

/** The rows that R keeps, int32 [r]. */
function rows(p: KeyedProjection): Tensor {
  return fromArray(order(p).slice(), [p.rank]);
}

/** The same as numbers. */
function order(p: KeyedProjection): Int32Array {
  return permute(fold(p.key, 'rows'), powerOfTwo(compressedDimension(p)), p.rank);
}

/** The least power of two that is at least d. */
function powerOfTwo(d: number): number {
  return 2 ** Math.ceil(Math.log2(d));
}
