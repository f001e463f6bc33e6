import { type Key, random, type Tensor } from 'floragrad';
import type { RoundTrip } from '../07-random-projection';

/** gradient [n, d] → C [n, rank] and Ĝ [n, d]. */
export function downAndUp(key: Key, gradient: Tensor, rank: number): RoundTrip {
  const d = gradient.shape[1] as number;
  // Variance 1/r, so that the sum of r squares on the diagonal of AᵀA is 1 in the mean: the standard deviation is 1/√r.
  const A = random.normal(key, [rank, d]).mul(rank ** -0.5);
  const compressed = gradient.matmul(A, { transposeB: true }); // [n, r]
  return { compressed, restored: compressed.matmul(A) };
}
