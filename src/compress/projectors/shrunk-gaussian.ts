import { keyed } from '../keyed';
import { generatedMaps } from '../maps/generated-maps';
import { gaussianTheory } from './gaussian';

/** c in c·S: of all multiples of a Gaussian round trip, this one has the least squared error. */
const shrinkage = (d: number, rank: number): number => rank / (rank + d + 1);

/**
 * Gaussian entries of variance c/r with c = r/(r + d + 1). Biased, E[S] = c·I, but a single draw has the relative squared
 * error (d + 1)/(r + d + 1), below 1 where the unbiased one is above: the trade that averaging over draws avoids.
 */
export const shrunkGaussian = /* @__PURE__ */ keyed('shrunkGaussian', {
  maps: generatedMaps('normal', shrinkage),
  theory: (d, rank) => gaussianTheory(d, rank, shrinkage(d, rank)),
});
