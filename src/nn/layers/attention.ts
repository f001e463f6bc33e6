import { OptionError } from '../../base/errors';
import { fold } from '../../base/key';
import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { selfAttention } from '../../tensor/ops/attention/attention';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { Module } from '../module';
import { deviation, extent, keyOption } from '../options';
import { Linear } from './linear';

const multiHeadAttentionOptions = {
  /** Let each position see itself and earlier ones only (default false). */
  causal: optional(boolean, false),
  /** Standard deviation of the first weights of `qkv`, as in `Linear`. */
  std: optional(deviation),
  /** Standard deviation of the first weights of `proj`, as in `Linear`. */
  projStd: optional(deviation),
  ...keyOption,
};

/** Masking and first values. */
export interface MultiHeadAttentionOptions extends OptionsOf<typeof multiHeadAttentionOptions> {}

/**
 * Self-attention in `heads` subspaces of width/heads dimensions. Queries, keys and values come out of one product.
 * @see Vaswani et al., "Attention is all you need", arXiv 1706.03762, section 3.2.2.
 */
export class MultiHeadAttention extends Module {
  /** Queries, keys and values side by side: [D] → [3·D]. */
  qkv: Linear;
  /** Projects the concatenated heads back to the residual stream: [D] → [D]. */
  proj: Linear;
  /** Number of heads, H; each has D/H dimensions. */
  readonly heads: number;
  /** Whether a position sees itself and earlier ones only. */
  readonly causal: boolean;

  /** @throws OptionError `attention/heads` when heads do not divide the width */
  constructor(width: number, heads: number, options: MultiHeadAttentionOptions) {
    super();
    if (arguments.length > 3) refuseExtra('MultiHeadAttention', arguments, 3);
    checkArgument('MultiHeadAttention', 'width', extent, width);
    checkArgument('MultiHeadAttention', 'heads', extent, heads);
    if (width % heads !== 0) throw unevenHeads(width, heads);
    const { causal, std, projStd, key } = readOptions(
      'MultiHeadAttention',
      multiHeadAttentionOptions,
      options,
      'width, heads',
    );
    this.qkv = new Linear(width, 3 * width, { std, key: fold(key, 'qkv') });
    this.proj = new Linear(width, width, { std: projStd, key: fold(key, 'proj') });
    this.heads = heads;
    this.causal = causal;
  }

  /** Shapes: x [B, T, D] → the same. The key is for adapters of its parts. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('MultiHeadAttention.forward', arguments);
    const packed = this.qkv.forward(x, forPart(options, 'qkv')); // [B, T, 3·D]
    const mixed = selfAttention(packed, this.heads, { causal: this.causal }); // [B, T, D]
    return this.proj.forward(mixed, forPart(options, 'proj'));
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
