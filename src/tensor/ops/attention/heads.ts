import type { Tensor } from '../../tensor';
import { stack } from '../movement/concat';
import { reshape, squeeze } from '../movement/reshape';
import { slice } from '../movement/slice';
import { transpose } from '../movement/transpose';

// The axis of heads: products make them side by side in the last axis, attention wants them before the axis of time.

/** Parts that lie side by side, each of all heads: [B, T, parts·H·d] → a list of `parts` tensors [B, H, T, d] */
export function unpack(packed: Tensor, parts: number, heads: number): Tensor[] {
  const [batch, time, width] = packed.shape as readonly [number, number, number];
  const split = reshape(packed, [batch, time, parts, heads, width / (parts * heads)]);
  const apart = transpose(split, [2, 0, 3, 1, 4]); // [parts, B, H, T, d]
  return Array.from({ length: parts }, (_, i) => squeeze(slice(apart, [i], [i + 1]), 0));
}

/** [B, T, 3·D] → q, k and v [B, H, T, d] */
export const queriesKeysValues = (qkv: Tensor, heads: number): [Tensor, Tensor, Tensor] =>
  unpack(qkv, 3, heads) as [Tensor, Tensor, Tensor];

/** q, k and v [B, H, T, d] → [B, T, 3·D] */
export function pack(...parts: readonly [Tensor, Tensor, Tensor]): Tensor {
  const [batch, heads, time, width] = parts[0].shape as readonly [number, number, number, number];
  return reshape(transpose(stack(parts), [1, 3, 0, 2, 4]), [batch, time, 3 * heads * width]);
}

/** [B, T, D] → [B, H, T, d] */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, time, width] = x.shape as readonly [number, number, number];
  return transpose(reshape(x, [batch, time, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, H, T, d] → [B, T, D] */
export function joinHeads(mixed: Tensor): Tensor {
  const [batch, heads, time, width] = mixed.shape as readonly [number, number, number, number];
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, heads * width]);
}
