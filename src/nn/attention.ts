import { checkNumber, checkOptions, OptionError } from '../base/errors';
import { fold, type Key } from '../base/key';
import { attention } from '../tensor/ops/attention';
import { reshape, squeeze } from '../tensor/ops/reshape';
import { slice } from '../tensor/ops/slice';
import { transpose } from '../tensor/ops/transpose';
import type { Tensor } from '../tensor/tensor';
import { Linear } from './linear';
import { Module } from './module';

/** Masking and first values. */
export interface MultiHeadAttentionOptions {
  /** Let each position see itself and earlier ones only (default false). */
  readonly causal?: boolean;
  /** As in `Linear`, for `qkv`. */
  readonly std?: number | undefined;
  /** As in `Linear`, for `proj`. */
  readonly projStd?: number | undefined;
  /** What the first values are drawn from. */
  readonly key: Key;
}

/**
 * Self-attention in `heads` subspaces of width/heads dimensions. Queries, keys and values come out of one product.
 * @see Vaswani et al., "Attention is all you need", arXiv 1706.03762, section 3.2.2.
 */
export class MultiHeadAttention extends Module {
  /** Queries, keys and values side by side: [D] → [3·D]. */
  qkv: Linear;
  /** From the joined heads back to the stream: [D] → [D]. */
  proj: Linear;
  /** Number of heads, H; each has D/H dimensions. */
  readonly heads: number;
  /** Whether a position sees itself and earlier ones only. */
  readonly causal: boolean;

  /** @throws OptionError `attention/heads` when heads do not divide the width */
  constructor(width: number, heads: number, options: MultiHeadAttentionOptions) {
    super();
    checkOptions('MultiHeadAttention', options, ['causal', 'std', 'projStd', 'key']);
    checkNumber('MultiHeadAttention', 'heads', heads, { low: 1, whole: true });
    if (width % heads !== 0) throw unevenHeads(width, heads);
    const { causal = false, std, projStd, key } = options;
    this.qkv = new Linear(width, 3 * width, { std, key: fold(key, 'qkv') });
    this.proj = new Linear(width, width, { std: projStd, key: fold(key, 'proj') });
    this.heads = heads;
    this.causal = causal;
  }

  /** Shapes: x [B, T, D] → the same. */
  forward(x: Tensor): Tensor {
    const [batch, time, width] = x.shape as readonly [number, number, number];
    const heads = reshape(this.qkv.forward(x), [batch, time, 3, this.heads, width / this.heads]); // [B, T, 3, H, d]
    const parts = transpose(heads, [2, 0, 3, 1, 4]); // [3, B, H, T, d]
    const part = (i: number): Tensor => squeeze(slice(parts, [i], [i + 1]), 0); // [B, H, T, d]
    const mixed = attention(part(0), part(1), part(2), { causal: this.causal }); // [B, H, T, d]
    return this.proj.forward(reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, width])); // [B, T, D]
  }
}

function unevenHeads(width: number, heads: number): OptionError {
  return new OptionError({
    code: 'attention/heads',
    got: `MultiHeadAttention got width ${width} and ${heads} heads`,
    expected: 'a width that the number of heads divides',
    fix: `use a width of ${Math.ceil(width / heads) * heads}, or another number of heads`,
  });
}
