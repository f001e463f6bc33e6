import type { AttentionShape } from '../../../backend/attention-layout';
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
import { sameShape, show, sizeOf } from '../../../base/shape';
import { apply, checkFloat, computeAll, type Op } from '../../op';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { add } from '../elementwise/add';
import { mul } from '../elementwise/mul';
import { reshape, squeeze } from '../movement/reshape';
import { slice } from '../movement/slice';
import { transpose } from '../movement/transpose';
import { matmul } from '../products/matmul';
import { softmax } from '../rows/softmax';

const attentionOptions = {
  /** Query t sees keys up to S − T + t (default false: all). */
  causal: optional(boolean, false),
  /** Factor of q·kᵀ (default 1/√d). */
  scale: optional(finite),
};

/** Masking and the factor of the scores. */
export interface AttentionOptions extends OptionsOf<typeof attentionOptions> {}

interface Attributes {
  readonly shape: AttentionShape;
  readonly scale: number;
  readonly causal: boolean;
}

/** Inputs: q, k and v, or the one tensor in which they are packed. Scores are made a few rows at a time and not kept. */
const op: Op<number, Attributes> = {
  name: 'attention',
  forward(backend, inputs, { shape, scale, causal }) {
    const [q, k, v] = threeOf(inputs);
    return backend.attention(q, k, v, shape, scale, causal);
  },
  vjp(g, inputs, { output, attributes, extras: [normalizers] }) {
    const { shape, scale, causal } = attributes;
    let all: Tensor[] | undefined;
    const gradients = (): Tensor[] => {
      const shapes = inputs.map((x) => x.shape);
      all ??= computeAll('attention vjp', [g, output, normalizers as Tensor, ...inputs], shapes, (backend, values) => {
        const [cotangent, out, logs, ...xs] = values as readonly [
          Of<typeof values>,
          Of<typeof values>,
          Of<typeof values>,
        ];
        const [q, k, v] = threeOf(xs);
        return backend.attentionGrad(cotangent, q, k, v, out, logs, shape, scale, causal);
      });
      return all;
    };
    return inputs.map((_, i) => () => gradients()[i] as Tensor);
  },
  composed(inputs, { shape, scale, causal }) {
    const [q, k, v] = shape.packed ? unpack(inputs[0] as Tensor, shape.heads) : threeOf(inputs);
    const mixed = composed(q, k, v, scale, causal);
    return shape.packed ? joinHeads(mixed) : mixed;
  },
};

type Of<List> = List extends readonly (infer Item)[] ? Item : never;

function threeOf<X>(inputs: readonly X[]): [X, X, X] {
  const [q, k = q, v = q] = inputs;
  return [q, k, v] as [X, X, X];
}

/** softmax(scale·q·kᵀ)·v out of other ops. */
function composed(q: Tensor, k: Tensor, v: Tensor, scale: number, causal: boolean): Tensor {
  const scores = matmul(mul(q, scale), k, { transposeB: true }); // [..., T, S]
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  const visible = causal ? add(scores, causalMask(queries, keys)) : scores;
  return matmul(softmax(visible), v);
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
  const plain = [k, v].every((x) => sameShape(x.shape.slice(0, -2), batch));
  if (!plain || keys === 0) return composed(q, k, v, scale, causal);
  const shape = { batch: sizeOf(batch), heads: 1, queries, keys, width, valueWidth, packed: false };
  return apply(op, [q, k, v], { shape, scale, causal }, [...batch, queries, valueWidth]);
}

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
  const shape = { batch, heads, queries, keys: queries, width, valueWidth: width, packed: true };
  return apply(op, [qkv], { shape, scale, causal }, [batch, queries, heads * width]);
}

const count = whole({ low: 1 });

/** [B, T, 3·D] → q, k and v [B, H, T, d] */
function unpack(qkv: Tensor, heads: number): [Tensor, Tensor, Tensor] {
  const [batch, time, packed] = qkv.shape as readonly [number, number, number];
  const split = reshape(qkv, [batch, time, 3, heads, packed / (3 * heads)]);
  const parts = transpose(split, [2, 0, 3, 1, 4]); // [3, B, H, T, d]
  const part = (i: number): Tensor => squeeze(slice(parts, [i], [i + 1]), 0);
  return [part(0), part(1), part(2)];
}

/** [B, H, T, d] → [B, T, D] */
function joinHeads(mixed: Tensor): Tensor {
  const [batch, heads, time, width] = mixed.shape as readonly [number, number, number, number];
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, heads * width]);
}

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
