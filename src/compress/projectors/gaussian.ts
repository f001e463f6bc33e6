import { keyed } from '../keyed';
import { generatedMaps } from '../maps/generated-maps';
import { independentEntriesVariance } from '../theory/independent-entries';
import { oneSided, type Theory } from '../theory/theory';

/**
 * Entries N(0, 1/r), the projection of Flora. Unbiased: E[AᵀA] = I, so E[G·AᵀA] = G. One draw has a relative squared error
 * of (d + 1)/r, E‖G·AᵀA − G‖² = (d + 1)/r·‖G‖², which is above 1 for every r ≤ d, also at r = d: the rows of A are not
 * orthogonal. Flora is unbiased, not accurate: the mean of N independent draws has the error (d + 1)/(r·N), so averaging,
 * over steps and over fresh projections, does the work.
 * @see Flora (Hao, Cao and Mou, ICML 2024), theorem 2.4
 */
export const gaussian = /* @__PURE__ */ keyed('gaussian', {
  maps: generatedMaps('normal'),
  theory: (d, rank) => gaussianTheory(d, rank, 1),
});

/**
 * The theory of gain·S with S = AᵀA and entries of A N(0, 1/r).
 *
 * Law of the error for a unit vector x, with q = χ²_r/r and c = χ²_{d−1}: y = ‖Sx‖² = q² + q·c/r and
 * ‖gain·Sx − x‖² = gain²·y − 2·gain·q + 1. A general G is a weighted mean of such errors, so its variance is at most this
 * one.
 */
export function gaussianTheory(d: number, rank: number, gain: number): Theory {
  const moment = (k: number): number => chiSquareMoment(rank, k) / rank ** k; // E[q^k]
  const c1 = d - 1;
  const c2 = (d - 1) * (d + 1);
  const y = moment(2) + c1 / rank;
  const yy = moment(4) + (2 * moment(3) * c1) / rank + (moment(2) * c2) / rank ** 2;
  const yq = moment(3) + (moment(2) * c1) / rank;
  const [yVariance, qVariance, covariance] = [yy - y ** 2, 2 / rank, yq - y];
  return oneSided({
    gain,
    relativeMse: gain ** 2 * y - 2 * gain + 1,
    relativeMseVariance: gain ** 4 * yVariance + 4 * gain ** 2 * qVariance - 4 * gain ** 3 * covariance,
    varianceOf: (k) => gain ** 2 * independentEntriesVariance(rank, 3)(k),
  });
}

/** E[(χ²_r)^k] = r(r + 2)…(r + 2k − 2). */
function chiSquareMoment(r: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product *= r + 2 * i;
  return product;
}
