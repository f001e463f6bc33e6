import { ShapeError } from '../../base/errors';
import { fold } from '../../base/key';
import { boolean, type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../../base/options';
import { show } from '../../base/shape';
import { arange } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { slice } from '../../tensor/ops/movement/slice';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { KeyValueCache } from '../key-value-cache';
import { Dropout } from '../layers/dropout';
import { Embedding } from '../layers/embedding';
import { LayerNorm } from '../layers/layer-norm';
import { Linear } from '../layers/linear';
import { TransformerBlock } from '../layers/transformer';
import { Module } from '../module';
import { dropoutOption, extent, keyOption } from '../options';

const gptOptions = {
  /** Number of different tokens, V. */
  vocabularySize: required(extent),
  /** Longest sequence, in tokens. */
  context: required(extent),
  /** Width of the stream, D; `heads` must divide it where no `headWidth` is given. */
  width: required(extent),
  /** Heads of each attention. */
  heads: required(extent),
  /** Dimensions of a head (default width/heads). */
  headWidth: optional(extent),
  /** Number of blocks. */
  layers: required(whole({ low: 0 })),
  /** Read the logits off the token embedding instead of a matrix of their own (default false). */
  tieHead: optional(boolean, false),
  ...dropoutOption,
  ...keyOption,
};

/** Sizes and first values of a GPT. */
export interface GPTOptions extends OptionsOf<typeof gptOptions> {}

/**
 * A decoder-only language model in the form of GPT-2: learned positions, pre-norm blocks, a last norm. Weights start as
 * N(0, σ²) with σ = 0.02·√(768/width): GPT-2's 0.02 at its width, and the same size of outputs at any other. The
 * projections back into the stream start as N(0, σ²/(2·layers)), since as many of them add up there.
 * @see Radford et al., "Language models are unsupervised multitask learners", 2019, section 2.3.
 * @example
 * const model = new GPT({ vocabularySize: 65, context: 64, width: 32, heads: 4, layers: 2, key: random.key(0) });
 * console.log(model.forward(zeros([4, 16]).cast('int32')).shape); // prints [ 4, 16, 65 ]
 */
export class GPT extends Module {
  /** One row for each token: [V, D]. */
  tokenEmbedding: Embedding;
  /** One row for each position: [context, D]. */
  positionEmbedding: Embedding;
  /** What the stream passes, in order. */
  blocks: TransformerBlock[];
  /** Layer norm applied to the residual stream before the output head. */
  finalNorm: LayerNorm;
  /** Projects the residual stream to the logits: [D] → [V], without bias. */
  head: Linear;
  /** Dropout applied to the embedded tokens; the blocks have their own. */
  dropout: Dropout;
  /** Longest sequence, in tokens. */
  readonly context: number;

  constructor(options: GPTOptions) {
    super();
    if (arguments.length > 1) refuseExtra('GPT', arguments, 1);
    const read = readOptions('GPT', gptOptions, options);
    const { vocabularySize, context, width, heads, headWidth, layers, dropout, tieHead, key } = read;
    const std = 0.02 * Math.sqrt(768 / width);
    const residualStd = std / Math.sqrt(2 * layers);
    this.tokenEmbedding = new Embedding(vocabularySize, width, { std, key: fold(key, 'tokenEmbedding') });
    this.positionEmbedding = new Embedding(context, width, { std, key: fold(key, 'positionEmbedding') });
    this.blocks = Array.from({ length: layers }, (_, i) => {
      const blockKey = fold(key, 'blocks', i);
      const initial = { std, residualStd, key: blockKey };
      return new TransformerBlock(width, heads, { causal: true, headWidth, dropout, ...initial });
    });
    this.finalNorm = new LayerNorm(width);
    this.head = new Linear(width, vocabularySize, { bias: false, std, key: fold(key, 'head') });
    if (tieHead) this.head.weight = this.tokenEmbedding.weight;
    this.dropout = new Dropout(dropout);
    this.context = context;
  }

  /**
   * Logits of the next token at each position. With a cache, ids are the tokens after the S that have passed.
   * Shapes: ids int32 [B, T], S + T ≤ context → [B, T, V].
   * @throws ShapeError `gpt/ids`, `index/range`
   * @throws StateError `cache/derivative`, `cache/position`
   */
  forward(ids: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('GPT.forward', arguments);
    const { cache } = options;
    const [, time] = ids.shape;
    const start = cache?.length ?? 0;
    if (ids.ndim !== 2 || time === undefined || start + time > this.context) throw wrongIds(ids, start, this.context);
    const passed = arange(start + time);
    const at = start > 0 ? slice(passed, [start], [start + time]) : passed; // [T]
    const positions = this.positionEmbedding.forward(at, forPart(options, 'positionEmbedding')); // [T, D]
    const embedded = add(this.tokenEmbedding.forward(ids, forPart(options, 'tokenEmbedding')), positions); // [B, T, D]
    let x = this.dropout.forward(embedded, forPart(options, 'embedding'));
    for (const [i, block] of this.blocks.entries()) x = block.forward(x, forPart(options, i));
    const logits = this.head.forward(this.finalNorm.forward(x), forPart(options, 'head')); // [B, T, V]
    cache?.advance(time);
    return logits;
  }

  /** A cache for passes over the tokens of one sequence, or of a batch of them, in pieces. */
  cache(): KeyValueCache {
    if (arguments.length > 0) refuseExtra('GPT.cache', arguments, 0);
    return new KeyValueCache();
  }
}

function wrongIds(ids: Tensor, start: number, context: number): ShapeError {
  return new ShapeError({
    code: 'gpt/ids',
    got: `GPT got ids ${show(ids.shape)}${start > 0 ? ` after ${start} in the cache` : ''}`,
    expected: `[batch, time] with at most ${context} tokens of time, the context of this model`,
    fix: ids.ndim === 2 ? 'pass the last tokens only, or build the model with a larger context' : 'reshape them',
  });
}
