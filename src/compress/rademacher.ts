import { generatedProjector } from './generated-projector';
import { independentEntriesVariance } from './projector';

/**
 * Entries ±1/√r. Unbiased, relative squared error (d − 1)/r: a little below Gaussian, and one random bit an entry.
 *
 * Variance of the error of a unit vector v, by Hoeffding's decomposition over the rows of A, with s = Σ v_j⁴ ≥ 1/d:
 * (d − 2)²·(2 − 2s)/r³ + 2(r − 1)(d − 1)/r³.
 */
export const rademacher = generatedProjector('rademacher', 'rademacher', (d, rank) => ({
  gain: 1,
  relativeMse: (d - 1) / rank,
  relativeMseVariance: ((d - 2) ** 2 * (2 - 2 / d) + 2 * (rank - 1) * (d - 1)) / rank ** 3,
  varianceOf: independentEntriesVariance(rank, 1),
}));
