import { type Key, keyKind } from '../../base/key';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../../base/options';
import { matmul } from '../ops/products/matmul';
import { runInScope } from '../scope';
import type { Tensor } from '../tensor';
import { checkMatrix } from './checks';
import { rangeFinder } from './range-finder';
import { type SVD, svd } from './svd';

const randomizedSvdOptions = {
  /** How many singular values and vectors. */
  rank: required(whole({ low: 0 })),
  /** What the random range is drawn from. */
  key: required<Key>(keyKind),
  /** Columns of the range (default: twice the rank and at least 8 more than it, if x has as many). */
  width: optional(whole({ low: 0 })),
  /** Subspace iterations (default 4). */
  iterations: optional(whole({ low: 0 }), 4),
};

/** How many factors, and how well. */
export interface RandomizedSvdOptions extends OptionsOf<typeof randomizedSvdOptions> {}

/**
 * Nearly the leading `rank` singular vectors and values of a large matrix: a random range, and the SVD of what the matrix
 * is in it. u and vt are orthonormal to rounding, and values come out at most as large as they are; where singular values
 * fall slowly the vectors of the last ones mix with those that are left out. The same key gives the same factors.
 * Shapes: x [m, n] → u [m, rank], s [rank], vt [rank, n].
 *
 * (4 + 4·iterations)·m·n·width flops on the backend, and QR factorizations of `width` columns and an SVD of
 * [width, max(m, n)] on the CPU, where `linalg.svd` has some 20·min(m, n)³. No gradient.
 * @throws ShapeError `linalg/not-a-matrix`
 * @throws OptionError `options/range` for a rank not between 1 and min(m, n), or a width not between the rank and that
 * @throws StateError `linalg/no-gradient`, `linalg/non-finite`, `linalg/overflow`
 * @see Halko, Martinsson and Tropp, "Finding structure with randomness", arXiv 0909.4061, algorithms 4.4 and 5.1.
 * @example
 * const x = matmul(tensor([[1], [2], [3]]), ones([1, 4])); // of rank 1, its value √(14·4)
 * const { s } = linalg.randomizedSvd(x, { rank: 1, key: random.key(0) });
 * console.log((await s.item()).toFixed(3)); // prints 7.483
 */
export function randomizedSvd(x: Tensor, options: RandomizedSvdOptions): SVD {
  if (arguments.length > 2) refuseExtra('linalg.randomizedSvd', arguments, 2);
  const k = Math.min(...checkMatrix('randomizedSvd', x));
  const { rank, key, iterations, ...given } = readOptions('randomizedSvd', randomizedSvdOptions, options, 'x');
  checkArgument('randomizedSvd', 'rank', whole({ low: Math.min(1, k), high: k }), rank);
  const { width = usualWidth(rank, k) } = given;
  checkArgument('randomizedSvd', 'width', whole({ low: rank, high: k }), width);
  return runInScope('randomizedSvd', () => {
    const q = rangeFinder(x, { rank: width, key, iterations });
    const { u, s, vt } = svd(matmul(q, x, { transposeA: true }), { rank });
    return { u: matmul(q, u), s, vt };
  });
}

/** Twice the rank and at least 8 more than it, but no more than there are. */
export function usualWidth(rank: number, most: number): number {
  return Math.min(rank + Math.max(rank, 8), most);
}
