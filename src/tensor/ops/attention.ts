import { checkOptions } from '../../base/errors';
import type { Tensor } from '../tensor';
import { add } from './add';
import { fromArray } from './create';
import { matmul } from './matmul';
import { mul } from './mul';
import { softmax } from './softmax';

/**
 * softmax(scale·q·kᵀ)·v, the mean of the values v weighted by how well each key fits the query.
 * Shapes: q [..., T, d], k [..., S, d], v [..., S, e] → [..., T, e]. `causal`: query t sees keys up to S − T + t.
 * `scale`: default 1/√d.
 * @see Vaswani et al., "Attention is all you need", arXiv 1706.03762, eq. 1.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: { causal?: boolean; scale?: number } = {}): Tensor {
  checkOptions('attention', options, ['causal', 'scale']);
  const { causal = false, scale = 1 / Math.sqrt(q.shape.at(-1) as number) } = options;
  const scores = matmul(mul(q, scale), k, { transposeB: true }); // [..., T, S]
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  const visible = causal ? add(scores, causalMask(queries, keys)) : scores;
  return matmul(softmax(visible), v);
}

/** 0 where query t may look, −1e30 elsewhere (not −infinity: a row without any key must not become NaN). */
function causalMask(queries: number, keys: number): Tensor {
  const mask = new Float32Array(queries * keys);
  for (let t = 0; t < queries; t++) mask.fill(-1e30, t * keys + Math.max(0, keys - queries + t + 1), (t + 1) * keys);
  return fromArray(mask, [queries, keys]);
}
