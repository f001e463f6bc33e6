import { fold } from '../../base/key';
import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { add } from '../../tensor/ops/elementwise/add';
import { gelu } from '../../tensor/ops/elementwise/gelu';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { Module } from '../module';
import { deviation, dropoutOption, extent, keyOption } from '../options';
import { MultiHeadAttention } from './attention';
import { Dropout } from './dropout';
import { LayerNorm } from './layer-norm';
import { Linear } from './linear';

const feedForwardOptions = {
  /** Standard deviation of the first weights of `fc`, as in `Linear`. */
  std: optional(deviation),
  /** Standard deviation of the first weights of `proj`, as in `Linear`. */
  projStd: optional(deviation),
  ...keyOption,
};

/** First values. */
export interface FeedForwardOptions extends OptionsOf<typeof feedForwardOptions> {}

const transformerBlockOptions = {
  /** Let each position see itself and earlier ones only (default false). */
  causal: optional(boolean, false),
  /** Dimensions of a head of the attention (default width/heads). */
  headWidth: optional(extent),
  /** Draw weights from N(0, std²) with zero biases (default: as in `Linear`). */
  std: optional(deviation),
  /** The same for the two projections back into the stream (default: std). */
  residualStd: optional(deviation),
  ...dropoutOption,
  ...keyOption,
};

/** Masking, dropout and first values. */
export interface TransformerBlockOptions extends OptionsOf<typeof transformerBlockOptions> {}

/** Two layers with a GELU between them, at four times the width. */
export class FeedForward extends Module {
  /** [D] → [4·D] */
  fc: Linear;
  /** [4·D] → [D] */
  proj: Linear;

  constructor(width: number, options: FeedForwardOptions) {
    super();
    if (arguments.length > 2) refuseExtra('FeedForward', arguments, 2);
    checkArgument('FeedForward', 'width', extent, width);
    const { std, projStd, key } = readOptions('FeedForward', feedForwardOptions, options, 'width');
    this.fc = new Linear(width, 4 * width, { std, key: fold(key, 'fc') });
    this.proj = new Linear(4 * width, width, { std: projStd, key: fold(key, 'proj') });
  }

  /** Shapes: x [..., D] → the same. The key is for adapters of its parts. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('FeedForward.forward', arguments);
    const wide = this.fc.forward(x, forPart(options, 'fc')); // [..., 4·D]
    return this.proj.forward(gelu(wide), forPart(options, 'proj'));
  }
}

/**
 * A pre-norm block: x + attention(norm(x)), then x + mlp(norm(x)).
 * @see Xiong et al., "On layer normalization in the transformer architecture", arXiv 2002.04745, figure 1b.
 */
export class TransformerBlock extends Module {
  /** Layer norm applied to the residual stream before the attention. */
  attentionNorm: LayerNorm;
  /** The first branch: mixes positions. */
  attention: MultiHeadAttention;
  /** Layer norm applied to the residual stream before the feed-forward layers. */
  mlpNorm: LayerNorm;
  /** The second branch: each position for itself. */
  mlp: FeedForward;
  /** Dropout applied to what each branch adds to the residual stream. */
  dropout: Dropout;

  constructor(width: number, heads: number, options: TransformerBlockOptions) {
    super();
    if (arguments.length > 3) refuseExtra('TransformerBlock', arguments, 3);
    checkArgument('TransformerBlock', 'width', extent, width);
    checkArgument('TransformerBlock', 'heads', extent, heads);
    const { causal, headWidth, dropout, std, residualStd, key } = readOptions(
      'TransformerBlock',
      transformerBlockOptions,
      options,
      'width, heads',
    );
    const projStd = residualStd ?? std;
    this.attentionNorm = new LayerNorm(width);
    const attention = { causal, headWidth, std, projStd, key: fold(key, 'attention') };
    this.attention = new MultiHeadAttention(width, heads, attention);
    this.mlpNorm = new LayerNorm(width);
    this.mlp = new FeedForward(width, { std, projStd, key: fold(key, 'mlp') });
    this.dropout = new Dropout(dropout);
  }

  /** Shapes: x [B, T, D] → the same. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('TransformerBlock.forward', arguments);
    const [mixing, thinking] = [forPart(options, 'attention'), forPart(options, 'mlp')];
    const mixed = this.attention.forward(this.attentionNorm.forward(x), mixing);
    const y = add(x, this.dropout.forward(mixed, mixing));
    const thought = this.mlp.forward(this.mlpNorm.forward(y), thinking);
    return add(y, this.dropout.forward(thought, thinking));
  }
}
