import { ones, softmax, type Tensor, tril, where } from 'floragrad';

/** q, k, v [T, d] → [T, d]. */
export function causalAttention(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const [T, d] = q.shape as [number, number];
  const scores = q.matmul(k, { transposeB: true }).div(Math.sqrt(d)); // [T, T], row t: how well each key fits query t
  // Row t may see column s ≤ t, itself included: the lower triangle. The rest goes before the softmax, so that what remains
  // is a softmax of the words that may be seen.
  const seen = where(tril(ones([T, T])).greater(0), scores, -1e9);
  return softmax(seen).matmul(v); // softmax is over the last axis, the words that are looked at
}
