import { checkNumber, checkOptions } from '../base/errors';
import type { Key } from '../base/key';
import { less } from '../tensor/ops/compare';
import { random } from '../tensor/ops/random';
import { where } from '../tensor/ops/where';
import { independentEntriesTheory } from './independent-entries';
import { matrixMaps } from './matrix-projector';
import { compressedDimension, type Projection, type Projector, project, smallerSide } from './projector';

/** A matrix that is mostly zeros, as a function of a key. */
export interface SparseProjection extends Projection {
  /** What the entries are drawn from. */
  readonly key: Key;
}

/**
 * Sparse Johnson-Lindenstrauss: an entry is ±√(q/r) with chance 1/(2q) each, else 0, with q = `sparsity` ≥ 1 (default 3;
 * 1 is `rademacher` with other bits). Unbiased, relative squared error (d − 2 + q)/r. A is made whole for each product.
 *
 * With N nonzeros in a row b, ‖b‖² = q·N, N binomial (d, 1/q), and
 * E[y⁴ | N] = q²·(3·(1 − f)·N(N − 1)/(d(d − 1)) + f·N/d).
 * @see Achlioptas, "Database-friendly random projections", JCSS 66 (2003), theorem 1.1, where q is 3.
 */
export function sparse(options: { readonly sparsity?: number } = {}): Projector<SparseProjection> {
  checkOptions('projectors.sparse', options, ['sparsity']);
  const { sparsity: q = 3 } = options;
  checkNumber('projectors.sparse', 'sparsity', q, { low: 1 });
  return {
    name: 'sparse',
    side: smallerSide,
    sample(key, shape, rank) {
      return { ...project(this.side(shape), shape, rank), key };
    },
    ...matrixMaps((p: SparseProjection) => {
      const u = random.uniform(p.key, [p.rank, compressedDimension(p)]);
      const size = Math.sqrt(q / p.rank);
      return where(less(u, 1 / (2 * q)), size, where(less(u, 1 / q), -size, 0));
    }),
    storedFloats: () => 0,
    theory(d, rank) {
      const falling = (k: number): number => fallingFactorial(d, k) / q ** k; // E[N(N − 1)…(N − k + 1)]
      const [f1, f2, f3, f4] = [falling(1), falling(2), falling(3), falling(4)];
      const single = q ** 2 * (f3 + 3 * f2 + f1) - 4 * q * (f2 + f1) + 4 * f1; // E[(qN − 2)²·N]
      const double = q ** 2 * (f4 + 5 * f3 + 4 * f2) - 4 * q * (f3 + 2 * f2) + 4 * f2; // E[(qN − 2)²·N(N − 1)]
      const pairs = d > 1 ? double / (d * (d - 1)) : 0;
      return independentEntriesTheory(d, rank, q, (f) => q ** 2 * (3 * (1 - f) * pairs + (f * single) / d));
    },
  };
}

function fallingFactorial(d: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product *= d - i;
  return product;
}
