import { keyed } from '../keyed';
import { generatedMaps } from '../maps/generated-maps';
import { independentEntriesTheory } from '../theory/independent-entries';

/**
 * Entries ±1/√r. Unbiased, relative squared error (d − 1)/r: a little below Gaussian, and one random bit an entry.
 * Here ‖b‖² = d and E[y⁴] = 3 − 2f.
 */
export const rademacher = /* @__PURE__ */ keyed('rademacher', {
  maps: generatedMaps('rademacher'),
  theory: (d, rank) => independentEntriesTheory(d, rank, 1, (f) => (d - 2) ** 2 * (3 - 2 * f)),
});
