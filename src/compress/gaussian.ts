import { generatedProjector } from './generated-projector';
import { independentEntriesVariance } from './projector';

/**
 * Entries N(0, 1/r), the projection of Flora. Unbiased; one draw has a relative squared error of (d + 1)/r, which is
 * above 1 for every r ≤ d: Flora is unbiased, not accurate, and averaging over draws does the work.
 *
 * Law of the error for a unit vector x, with q = χ²_r/r and c = χ²_{d−1}: ‖Sx − x‖² = (q − 1)² + q·c/r. A general G is
 * a weighted mean of such errors, so its variance is at most this one.
 * @see Flora (Hao, Cao and Mou, ICML 2024), theorem 2.4
 */
export const gaussian = generatedProjector('gaussian', 'normal', (d, rank) => {
  const moment = (k: number): number => chiSquareMoment(rank, k) / rank ** k; // E[q^k]
  const c1 = d - 1;
  const c2 = (d - 1) * (d + 1);
  const fourth = moment(4) - 4 * moment(3) + 6 * moment(2) - 3; // E(q − 1)⁴
  const mixed = moment(3) - 2 * moment(2) + 1; // E q(q − 1)²
  const second = fourth + (2 * mixed * c1) / rank + (moment(2) * c2) / rank ** 2;
  const mse = (d + 1) / rank;
  return {
    gain: 1,
    relativeMse: mse,
    relativeMseVariance: second - mse ** 2,
    varianceOf: independentEntriesVariance(rank, 3),
  };
});

/** E[(χ²_r)^k] = r(r + 2)…(r + 2k − 2). */
function chiSquareMoment(r: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product *= r + 2 * i;
  return product;
}
