import type { AttentionSpec } from '../../../backend/attention-spec';
import { allocate } from '../../../base/dtype';
import { ShapeError } from '../../../base/errors';
import {
  boolean,
  checkArgument,
  finite,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../../../base/options';
import { broadcastShapes, type Shape, sameShape, show, sizeOf } from '../../../base/shape';
import { apply, type Composite, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { add } from '../elementwise/add';
import { mul } from '../elementwise/mul';
import { sub } from '../elementwise/sub';
import { matmul } from '../products/matmul';
import { sum } from '../reductions/sum';
import { sumTo } from '../reductions/sum-to';
import { softmax } from '../rows/softmax';
import { joinHeads, pack, queriesKeysValues, splitHeads } from './heads';

const attentionOptions = {
  /** Query t sees keys up to S − T + t (default false: all). */
  causal: optional(boolean, false),
  /** Factor of q·kᵀ (default 1/√d). */
  scale: optional(finite),
};

/** Masking and the factor of the scores. */
export interface AttentionOptions extends OptionsOf<typeof attentionOptions> {}

/** How queries and keys make weights. */
interface Scores {
  readonly scale: number;
  readonly causal: boolean;
}

interface Attributes extends Scores {
  /** For kernels, which take leading axes as one; undefined where they broadcast or there are no keys. */
  readonly spec: AttentionSpec | undefined;
}

/** q [..., T, d], k [..., S, d], v [..., S, e] → [..., T, e]. No tape keeps the weights [..., T, S]. */
const op: Composite<[q: Tensor, k: Tensor, v: Tensor], Attributes> = {
  name: 'attention',
  // softmax(scale·q·kᵀ)·v
  forward: ([q, k, v], attributes) => matmul(weights(q, k, attributes), v),
  vjp: (g, [q, k, v], { output, attributes }) => {
    const { dq, dk, dv } = cotangents(g, q, k, v, output, attributes);
    return [() => sumTo(dq(), q.shape), () => sumTo(dk(), k.shape), () => sumTo(dv(), v.shape)];
  },
  kernel: (backend, qkv, { spec }) => spec && backend.attention?.(qkv, spec),
  vjpKernel: (backend, g, qkv, { output, extras: [normalizers], attributes: { spec } }) =>
    spec && normalizers && backend.attentionGrad?.(g, qkv, output, normalizers, spec),
};

/** softmax(scale·q·kᵀ) [..., T, S], where a causal query t sees keys up to S − T + t. */
function weights(q: Tensor, k: Tensor, { scale, causal }: Scores): Tensor {
  const scores = matmul(mul(q, scale), k, { transposeB: true });
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  return softmax(causal ? add(scores, causalMask(queries, keys)) : scores);
}

/**
 * With P the weights and the cotangent of the scores dS = P ⊙ (g·vᵀ − Σ g⊙out):
 * dq = scale·dS·k, dk = scale·dSᵀ·q, dv = Pᵀ·g.
 */
function cotangents(g: Tensor, q: Tensor, k: Tensor, v: Tensor, output: Tensor, scores: Scores) {
  const { scale } = scores;
  const p = weights(q, k, scores);
  const ds = mul(p, sub(matmul(g, v, { transposeB: true }), sum(mul(g, output), { axis: -1, keepDims: true })));
  return {
    dq: () => mul(matmul(ds, k), scale),
    dk: () => mul(matmul(ds, q, { transposeA: true }), scale),
    dv: () => matmul(p, g, { transposeA: true }),
  };
}

/** 0 where query t may look, −1e30 elsewhere. */
function causalMask(queries: number, keys: number): Tensor {
  const mask = allocate('float32', queries * keys, 'attention');
  for (let t = 0; t < queries; t++) mask.fill(-1e30, t * keys + keys - queries + t + 1, (t + 1) * keys);
  return fromArray(mask, [queries, keys]);
}

/**
 * softmax(scale·q·kᵀ)·v, the mean of the values v weighted by how well each key fits the query.
 * Shapes: q [..., T, d], k [..., S, d], v [..., S, e] → [..., T, e]; leading axes broadcast.
 * @throws ShapeError `attention/shapes`, `attention/causal` when there are more queries than keys under a causal mask
 * @see Vaswani et al., "Attention is all you need", arXiv 1706.03762, eq. 1.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra('attention', arguments, 4);
  checkFloat('attention', q, k, v);
  const given = readOptions('attention', attentionOptions, options, 'q, k, v');
  const { causal, scale = 1 / Math.sqrt(q.shape.at(-1) as number) } = given;
  const [queries, width] = q.shape.slice(-2) as [number, number];
  const [keys, valueWidth] = v.shape.slice(-2) as [number, number];
  const fits = Math.min(q.ndim, k.ndim, v.ndim) >= 2 && k.shape.at(-1) === width && k.shape.at(-2) === keys;
  if (!fits) throw wrongShapes(q, k, v);
  if (causal && queries > keys) throw blindQueries(queries, keys);
  const batch = q.shape.slice(0, -2);
  const dense = keys > 0 && [k, v].every((x) => sameShape(x.shape.slice(0, -2), batch));
  const sizes = { batch: sizeOf(batch), heads: 1, queries, keys, width, valueWidth, packed: false };
  const spec = dense ? { ...sizes, scale, causal } : undefined;
  const leading = [k, v].reduce<Shape>((axes, x) => broadcastShapes('attention', axes, x.shape.slice(0, -2)), batch);
  return apply(op, [q, k, v], { scale, causal, spec }, [...leading, queries, valueWidth]);
}

/** qkv [B, T, 3·D] → [B, T, D] */
const packedOp: Composite<[qkv: Tensor], AttentionSpec> = {
  name: 'attention',
  forward: ([qkv], { heads, scale, causal }) =>
    joinHeads(attention(...queriesKeysValues(qkv, heads), { scale, causal })),
  vjp: (g, [qkv], { output, attributes: spec }) => [
    () => {
      const { heads } = spec;
      const out = splitHeads(output, heads);
      const { dq, dk, dv } = cotangents(splitHeads(g, heads), ...queriesKeysValues(qkv, heads), out, spec);
      return pack(dq(), dk(), dv());
    },
  ],
  kernel: (backend, [qkv], spec) => backend.attention?.([qkv, qkv, qkv], spec),
  vjpKernel: (backend, g, [qkv], { output, extras: [normalizers], attributes: spec }) =>
    normalizers && backend.attentionGrad?.(g, [qkv, qkv, qkv], output, normalizers, spec),
};

/**
 * `attention` of `heads` heads, each of a part of the width, whose queries, keys and values came out of one product side
 * by side. Reads them where they lie.
 * Shapes: qkv [B, T, 3·D] → [B, T, D], D a multiple of heads.
 * @throws ShapeError `attention/packed`
 * @see Vaswani et al., "Attention is all you need", arXiv 1706.03762, section 3.2.2.
 */
export function selfAttention(qkv: Tensor, heads: number, options: AttentionOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra('selfAttention', arguments, 3);
  checkFloat('selfAttention', qkv);
  checkArgument('selfAttention', 'heads', count, heads);
  const given = readOptions('selfAttention', attentionOptions, options, 'qkv, heads');
  const [batch, queries, packed] = qkv.shape as readonly [number, number, number];
  const width = packed / (3 * heads);
  if (qkv.ndim !== 3 || !Number.isInteger(width)) throw notPacked(qkv, heads);
  const { causal, scale = 1 / Math.sqrt(width) } = given;
  const spec = { batch, heads, queries, keys: queries, width, valueWidth: width, packed: true, scale, causal };
  return apply(packedOp, [qkv], spec, [batch, queries, heads * width]);
}

const count = whole({ low: 1 });

function wrongShapes(q: Tensor, k: Tensor, v: Tensor): ShapeError {
  return new ShapeError({
    code: 'attention/shapes',
    got: `attention got q ${show(q.shape)}, k ${show(k.shape)} and v ${show(v.shape)}`,
    expected: 'q [..., T, d], k [..., S, d] and v [..., S, e]',
    fix: 'transpose or reshape them; the axis of heads comes before that of time',
  });
}

function blindQueries(queries: number, keys: number): ShapeError {
  return new ShapeError({
    code: 'attention/causal',
    got: `attention got ${queries} queries and ${keys} keys under a causal mask`,
    expected: 'at least as many keys as queries, since query t sees keys up to S − T + t',
    fix: 'pass the keys of all positions, or the last queries only',
  });
}

function notPacked(qkv: Tensor, heads: number): ShapeError {
  return new ShapeError({
    code: 'attention/packed',
    got: `selfAttention got qkv ${show(qkv.shape)} for ${heads} heads`,
    expected: '[B, T, 3·D] with D a multiple of the heads',
    fix: 'join queries, keys and values along the last axis, or use attention(q, k, v)',
  });
}
