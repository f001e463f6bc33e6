import { type Key, keyKind } from '../../base/key';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../../base/options';
import { matmul } from '../ops/products/matmul';
import { random } from '../ops/random/random';
import { runInScope } from '../scope';
import type { Tensor } from '../tensor';
import { checkMatrix } from './checks';
import { qr } from './qr';
import { subspaceIteration } from './subspace-iteration';

const rangeFinderOptions = {
  /** Columns of the basis; a few more than the vectors that matter make it a better one. */
  rank: required(whole({ low: 0 })),
  /** What the random matrix is drawn from. */
  key: required<Key>(keyKind),
  /** Subspace iterations, which sharpen the basis where singular values fall slowly (default 4). */
  iterations: optional(whole({ low: 0 }), 4),
};

/** The size of the basis, and what it is made from. */
export interface RangeFinderOptions extends OptionsOf<typeof rangeFinderOptions> {}

/**
 * An orthonormal basis q of about the leading left singular vectors of x, so that q·qᵀ·x is near x: the range of x times a
 * Gaussian matrix, after some subspace iterations. The same key gives the same basis.
 * Shapes: x [m, n] → [m, rank]. (2 + 4·iterations)·m·n·rank flops on the backend, where `linalg.svd` has some 20·min(m, n)³
 * on the CPU. No gradient.
 * @throws ShapeError `linalg/not-a-matrix`
 * @throws OptionError `options/range` for a rank that is not between 1 and min(m, n)
 * @throws StateError `linalg/no-gradient`, `linalg/non-finite`, `linalg/overflow`
 * @see Halko, Martinsson and Tropp, "Finding structure with randomness", arXiv 0909.4061, algorithms 4.1 and 4.4.
 * @example
 * const x = matmul(tensor([[1], [2], [3]]), ones([1, 4])); // of rank 1
 * const q = linalg.rangeFinder(x, { rank: 1, key: random.key(0) });
 * const back = matmul(q, matmul(q, x, { transposeA: true }));
 * console.log((await back.sub(x).abs().max().item()) < 1e-5); // prints true
 */
export function rangeFinder(x: Tensor, options: RangeFinderOptions): Tensor {
  if (arguments.length > 2) refuseExtra('linalg.rangeFinder', arguments, 2);
  const [m, n] = checkMatrix('rangeFinder', x);
  const { rank, key, iterations } = readOptions('rangeFinder', rangeFinderOptions, options, 'x');
  const k = Math.min(m, n);
  checkArgument('rangeFinder', 'rank', whole({ low: Math.min(1, k), high: k }), rank);
  return runInScope('rangeFinder', () => {
    const { q } = qr(matmul(x, random.normal(key, [n, rank])));
    return subspaceIteration(x, q, { iterations });
  });
}
