import { OptionError } from '../../base/errors';
import { fold } from '../../base/key';
import {
  boolean,
  checkArgument,
  type Kind,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
} from '../../base/options';
import { attention, selfAttention } from '../../tensor/ops/attention/attention';
import { joinHeads, queriesKeysValues } from '../../tensor/ops/attention/heads';
import { type RotaryOptions, rotary, rotaryBase } from '../../tensor/ops/attention/rotary';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { Module } from '../module';
import { deviation, extent, keyOption } from '../options';
import { Linear } from './linear';

const rotaryKind: Kind<boolean | Pick<RotaryOptions, 'base'>> = kindOf(
  'true, false or { base }',
  (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value)),
);

const multiHeadAttentionOptions = {
  /** Let each position see itself and earlier ones only (default false). */
  causal: optional(boolean, false),
  /** Dimensions of a head, d (default width/heads). Less is a bottleneck, more is none: see `headRank`. */
  headWidth: optional(extent),
  /** Turn queries and keys by their positions: true, or with another base than 10000 (default false). See `rotary`. */
  rotary: optional(rotaryKind, false),
  /** Standard deviation of the first weights of `qkv`, as in `Linear`. */
  std: optional(deviation),
  /** Standard deviation of the first weights of `proj`, as in `Linear`. */
  projStd: optional(deviation),
  ...keyOption,
};

/** Masking, the form of the heads, and first values. */
export interface MultiHeadAttentionOptions extends OptionsOf<typeof multiHeadAttentionOptions> {}

/**
 * Self-attention in `heads` subspaces of `headWidth` dimensions. Queries, keys and values come out of one product.
 * @see Vaswani et al., "Attention is all you need", arXiv 1706.03762, section 3.2.2; for a width of the heads apart from
 * that of the stream, Bhojanapalli et al., "Low-rank bottleneck in multi-head attention models", arXiv 2002.07028.
 */
export class MultiHeadAttention extends Module {
  /** Queries, keys and values side by side: [D] → [3·H·d]. */
  qkv: Linear;
  /** Projects the concatenated heads back to the residual stream: [H·d] → [D]. */
  proj: Linear;
  /** Number of heads, H. */
  readonly heads: number;
  /** Dimensions of each head, d. */
  readonly headWidth: number;
  /** Whether a position sees itself and earlier ones only. */
  readonly causal: boolean;
  /** Base of the angles by which queries and keys are turned, or null where they are not. */
  readonly rotaryBase: number | null;

  /**
   * @throws OptionError `attention/heads` when heads do not divide the width and no `headWidth` is given, or when it is
   * odd under `rotary`
   */
  constructor(width: number, heads: number, options: MultiHeadAttentionOptions) {
    super();
    if (arguments.length > 3) refuseExtra('MultiHeadAttention', arguments, 3);
    checkArgument('MultiHeadAttention', 'width', extent, width);
    checkArgument('MultiHeadAttention', 'heads', extent, heads);
    const read = readOptions('MultiHeadAttention', multiHeadAttentionOptions, options, 'width, heads');
    const { causal, std, projStd, key } = read;
    const headWidth = widthOfHeads('MultiHeadAttention', width, heads, read.headWidth);
    this.qkv = new Linear(width, 3 * heads * headWidth, { std, key: fold(key, 'qkv') });
    this.proj = new Linear(heads * headWidth, width, { std: projStd, key: fold(key, 'proj') });
    this.heads = heads;
    this.headWidth = headWidth;
    this.causal = causal;
    this.rotaryBase = baseOf(read.rotary);
    if (this.rotaryBase !== null && headWidth % 2 !== 0) throw oddHeads(headWidth);
  }

  /**
   * With a cache, x is what comes after the S positions that have passed, and sees those too.
   * Shapes: x [B, T, D] → the same. The key is for adapters of its parts.
   * @throws OptionError `attention/cache` for a cache of a layer that is not causal
   * @throws StateError `cache/derivative`, `cache/position`
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('MultiHeadAttention.forward', arguments);
    const { cache } = options;
    if (cache && !this.causal) throw seesAhead();
    const packed = this.qkv.forward(x, forPart(options, 'qkv')); // [B, T, 3·H·d]
    const plain = !cache && this.rotaryBase === null;
    const mixed = plain ? selfAttention(packed, this.heads, { causal: this.causal }) : mix(this, packed, cache);
    return this.proj.forward(mixed, forPart(options, 'proj')); // of [B, T, H·d]
  }
}

/** Attention with turned heads, or over what a cache has kept. Shapes: packed [B, T, 3·H·d] → [B, T, H·d]. */
function mix(layer: MultiHeadAttention, packed: Tensor, cache: ForwardOptions['cache']): Tensor {
  const { heads, causal, rotaryBase: base } = layer;
  let [q, k, v] = queriesKeysValues(packed, heads); // [B, H, T, d]
  if (base !== null) [q, k] = [q, k].map((x) => rotary(x, { base, offset: cache?.length })) as [Tensor, Tensor];
  if (cache) [k, v] = cache.extend(layer, k, v); // [B, H, S + T, d]
  return joinHeads(attention(q, k, v, { causal }));
}

function baseOf(given: boolean | Pick<RotaryOptions, 'base'>): number | null {
  if (given === false) return null;
  return readOptions('rotary', rotaryBase, given === true ? {} : given).base;
}

/**
 * Dimensions of a head: what was given, or its part of the width.
 * @throws OptionError `attention/heads`
 */
export function widthOfHeads(where: string, width: number, heads: number, given: number | undefined): number {
  if (given === undefined && width % heads !== 0) throw unevenHeads(where, width, heads);
  return given ?? width / heads;
}

function unevenHeads(where: string, width: number, heads: number): OptionError {
  return new OptionError({
    code: 'attention/heads',
    got: `${where} got width ${width} and ${heads} heads`,
    expected: 'a width that the number of heads divides',
    fix: `use a width of ${Math.ceil(width / heads) * heads}, another number of heads, or say their headWidth`,
  });
}

function oddHeads(headWidth: number): OptionError {
  return new OptionError({
    code: 'attention/heads',
    got: `MultiHeadAttention got rotary for heads of width ${headWidth}`,
    expected: 'an even width of the heads, since elements are turned in pairs',
    fix: `use a headWidth of ${headWidth + 1}`,
  });
}

function seesAhead(): OptionError {
  return new OptionError({
    code: 'attention/cache',
    got: 'MultiHeadAttention.forward got a cache, and is not causal',
    expected: 'a causal layer, since positions of others change with those that come later',
    fix: 'build the layer with { causal: true }, or leave the cache out',
  });
}
