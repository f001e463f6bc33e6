import { fold } from '../../base/key';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { attention } from '../../tensor/ops/attention/attention';
import { joinHeads, splitHeads, unpack } from '../../tensor/ops/attention/heads';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { Module } from '../module';
import { deviation, extent, keyOption } from '../options';
import { widthOfHeads } from './attention';
import { Linear } from './linear';

const crossAttentionOptions = {
  /** Width of the memory, M (default: width). */
  memoryWidth: optional(extent),
  /** Dimensions of a head, d (default width/heads). */
  headWidth: optional(extent),
  /** Standard deviation of the first weights of `q` and `kv`, as in `Linear`. */
  std: optional(deviation),
  /** Standard deviation of the first weights of `proj`, as in `Linear`. */
  projStd: optional(deviation),
  ...keyOption,
};

/** The form of the memory and of the heads, and first values. */
export interface CrossAttentionOptions extends OptionsOf<typeof crossAttentionOptions> {}

/**
 * Attention of one sequence to another: queries come from x, keys and values from a memory, such as what an encoder made
 * of a sentence. Each position of x sees the whole memory, and no other position of x.
 * @see Vaswani et al., "Attention is all you need", arXiv 1706.03762, section 3.2.3.
 * @example
 * const attend = new CrossAttention(8, 2, { memoryWidth: 6, key: random.key(0) });
 * console.log(attend.forward(ones([1, 3, 8]), ones([1, 5, 6])).shape); // prints [ 1, 3, 8 ]
 */
export class CrossAttention extends Module {
  /** Queries: [D] → [H·d]. */
  q: Linear;
  /** Keys and values side by side: [M] → [2·H·d]. */
  kv: Linear;
  /** Projects the concatenated heads: [H·d] → [D]. */
  proj: Linear;
  /** Number of heads, H. */
  readonly heads: number;
  /** Dimensions of each head, d. */
  readonly headWidth: number;

  /** @throws OptionError `attention/heads` when heads do not divide the width and no `headWidth` is given */
  constructor(width: number, heads: number, options: CrossAttentionOptions) {
    super();
    if (arguments.length > 3) refuseExtra('CrossAttention', arguments, 3);
    checkArgument('CrossAttention', 'width', extent, width);
    checkArgument('CrossAttention', 'heads', extent, heads);
    const read = readOptions('CrossAttention', crossAttentionOptions, options, 'width, heads');
    const { memoryWidth = width, std, projStd, key } = read;
    const headWidth = widthOfHeads('CrossAttention', width, heads, read.headWidth);
    this.q = new Linear(width, heads * headWidth, { std, key: fold(key, 'q') });
    this.kv = new Linear(memoryWidth, 2 * heads * headWidth, { std, key: fold(key, 'kv') });
    this.proj = new Linear(heads * headWidth, width, { std: projStd, key: fold(key, 'proj') });
    this.heads = heads;
    this.headWidth = headWidth;
  }

  /** Shapes: x [B, T, D], memory [B, S, M] → [B, T, D]. The key is for adapters of its parts. */
  forward(x: Tensor, memory: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('CrossAttention.forward', arguments, ['x', 'memory']);
    return runInScope('CrossAttention', () => {
      const q = splitHeads(this.q.forward(x, forPart(options, 'q')), this.heads); // [B, H, T, d]
      const packed = this.kv.forward(memory, forPart(options, 'kv')); // [B, S, 2·H·d]
      const [k, v] = unpack(packed, 2, this.heads) as [Tensor, Tensor]; // [B, H, S, d]
      return this.proj.forward(joinHeads(attention(q, k, v)), forPart(options, 'proj'));
    });
  }
}
