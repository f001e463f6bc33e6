import { checkArgument, kindOf, refuseExtra } from '../base/options';
import { noGrad } from '../tensor/derivatives/no-grad';
import { qr } from '../tensor/linalg/qr';
import { decompose } from '../tensor/linalg/svd';
import { slice } from '../tensor/ops/movement/slice';
import { transpose } from '../tensor/ops/movement/transpose';
import { matmul } from '../tensor/ops/products/matmul';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** What `headRank` asks of a layer: a `MultiHeadAttention`. */
export interface PackedHeads {
  /** Queries, keys and values side by side: weight [3·H·d, D]. */
  readonly qkv: {
    /** [3·H·d, D] */
    readonly weight: Tensor;
  };
  /** H */
  readonly heads: number;
  /** d */
  readonly headWidth: number;
}

/** How much of the stream one head compares. */
export interface HeadRankRow {
  /** Its number, from 0. */
  readonly head: number;
  /** Σσ²/σ₁² of the singular values: 1 where one direction counts, d where d count alike. 0 of zeros. */
  readonly stableRank: number;
  /** How many singular values are above σ₁·D·2⁻²³, what rounding leaves of a zero. */
  readonly numericalRank: number;
}

const packedHeads = kindOf<PackedHeads>('a MultiHeadAttention', (value) => {
  const { qkv, heads, headWidth } = (value ?? {}) as Partial<PackedHeads>;
  return isTensor(qkv?.weight) && qkv.weight.shape[0] === 3 * Number(heads) * Number(headWidth);
});

/**
 * The ranks of Wqᵀ·Wk [D, D], the form by which each head compares two positions of the stream; neither is above
 * min(d, D), the low-rank bottleneck of heads. Of the weight alone: merge adapters first.
 * @throws OptionError `options/type`
 * @see Bhojanapalli et al., "Low-rank bottleneck in multi-head attention models", arXiv 2002.07028, theorem 1.
 * @example
 * const rows = await headRank(new MultiHeadAttention(8, 2, { headWidth: 3, key: random.key(0) }));
 * console.log(rows.map(({ numericalRank }) => numericalRank)); // prints [ 3, 3 ]
 */
export async function headRank(attention: PackedHeads): Promise<readonly HeadRankRow[]> {
  if (arguments.length > 1) refuseExtra('headRank', arguments, 1);
  checkArgument('headRank', 'attention', packedHeads, attention);
  const { qkv, heads, headWidth } = attention;
  const width = qkv.weight.shape[1] as number;
  const size = Math.min(headWidth, width);
  // With Wqᵀ = Q·R the singular values of Wqᵀ·Wk are those of Rq·Rkᵀ, which is small.
  const triangle = (part: number): Tensor =>
    qr(transpose(slice(qkv.weight, [part * headWidth], [(part + 1) * headWidth]))).r; // [size, d]
  const rows: HeadRankRow[] = [];
  for (let head = 0; head < heads; head++) {
    const core = noGrad(() => matmul(triangle(head), triangle(heads + head), { transposeB: true })); // [size, size]
    const { lengths } = decompose(Float32Array.from(await core.data()), [size, size], size);
    const [largest = 0] = lengths;
    const energy = lengths.reduce((sum, length) => sum + length ** 2, 0);
    rows.push({
      head,
      stableRank: largest === 0 ? 0 : energy / largest ** 2,
      numericalRank: lengths.filter((length) => length > largest * width * 2 ** -23).length,
    });
  }
  return rows;
}
