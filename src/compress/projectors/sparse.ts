import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { type KeyedProjection, keyed } from '../keyed';
import { generatedMaps } from '../maps/generated-maps';
import type { Projector } from '../projector';
import { independentEntriesTheory } from '../theory/independent-entries';

/**
 * Sparse Johnson-Lindenstrauss: an entry is ±√(q/r) with chance 1/(2q) each, else 0, with q = `sparsity` ≥ 1 (default 3;
 * 1 is `rademacher` with other bits). Unbiased, relative squared error (d − 2 + q)/r.
 *
 * With N nonzeros in a row b, ‖b‖² = q·N, N binomial (d, 1/q), and
 * E[y⁴ | N] = q²·(3·(1 − f)·N(N − 1)/(d(d − 1)) + f·N/d).
 * @see Achlioptas, "Database-friendly random projections", JCSS 66 (2003), theorem 1.1, where q is 3.
 */
export function sparse(options: OptionsOf<typeof sparseOptions> = {}): Projector<KeyedProjection> {
  if (arguments.length > 1) refuseExtra('projectors.sparse', arguments, 1);
  const { sparsity: q } = readOptions('projectors.sparse', sparseOptions, options);
  return keyed('sparse', {
    maps: generatedMaps({ sparsity: q }),
    theory(d, rank) {
      const falling = (k: number): number => fallingFactorial(d, k) / q ** k; // E[N(N − 1)…(N − k + 1)]
      const [f1, f2, f3, f4] = [falling(1), falling(2), falling(3), falling(4)];
      const single = q ** 2 * (f3 + 3 * f2 + f1) - 4 * q * (f2 + f1) + 4 * f1; // E[(qN − 2)²·N]
      const double = q ** 2 * (f4 + 5 * f3 + 4 * f2) - 4 * q * (f3 + 2 * f2) + 4 * f2; // E[(qN − 2)²·N(N − 1)]
      const pairs = d > 1 ? double / (d * (d - 1)) : 0;
      return independentEntriesTheory(d, rank, q, (f) => q ** 2 * (3 * (1 - f) * pairs + (f * single) / d));
    },
  });
}

const sparseOptions = {
  /** q, one over the share of the entries that are not zero (default 3). */
  sparsity: optional(number({ low: 1 }), 3),
};

function fallingFactorial(d: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product *= d - i;
  return product;
}
