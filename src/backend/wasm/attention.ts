import type { AttentionShape } from '../attention-layout';
import type { Operand, Storage } from '../contract';
import type { WasmDevice } from './device';
import type { Kernels } from './module';
import type { At, WasmStorage } from './storage';

export function attention(
  device: WasmDevice,
  q: Operand,
  k: Operand,
  v: Operand,
  shape: AttentionShape,
  scale: number,
  causal: boolean,
): readonly [Storage, Storage] {
  const { batch, heads, queries, keys, width, valueWidth, packed } = shape;
  for (const { storage } of [q, k, v]) device.heap.need(storage);
  const sizes = [queries, keys, width, valueWidth, scale, Number(causal)] as const;
  const results = [batch * heads * queries * valueWidth, batch * heads * queries];
  return spreadHeads(device, shape, 2, results, (kernels, at, from, to, made, scratch) => {
    const operands = addresses(at, q, k, v, shape);
    kernels.attention(from, to, heads, Number(packed), ...operands, ...made.map(at), ...sizes, scratch);
  }) as [Storage, Storage];
}

export function attentionGrad(
  device: WasmDevice,
  g: Operand,
  q: Operand,
  k: Operand,
  v: Operand,
  out: Operand,
  normalizers: Operand,
  shape: AttentionShape,
  scale: number,
  causal: boolean,
): readonly Storage[] {
  const { heads, queries, keys, width, valueWidth, packed } = shape;
  const known = [g, out, normalizers].map(({ storage }) => storage);
  for (const storage of [q.storage, k.storage, v.storage, ...known]) device.heap.need(storage);
  const sizes = [queries, keys, width, valueWidth, scale, Number(causal)] as const;
  const grads = (packed ? [q] : [q, k, v]).map(({ storage }) => storage.size);
  return spreadHeads(device, shape, 5, grads, (kernels, at, from, to, made, scratch) => {
    const operands = addresses(at, q, k, v, shape);
    const results = packed ? parts(at(made[0] as Storage), shape) : made.map(at);
    kernels.attentionGrad(
      from,
      to,
      heads,
      Number(packed),
      ...known.map(at),
      ...operands,
      ...results,
      ...sizes,
      scratch,
    );
  });
}

/** Where queries, keys and values begin. */
function addresses(at: At, q: Operand, k: Operand, v: Operand, shape: AttentionShape): readonly number[] {
  if (shape.packed) return parts(at(q.storage), shape);
  return [q, k, v].map(({ storage }) => at(storage));
}

/** The three parts of the first row of a packed operand. */
function parts(at: number, { heads, width }: AttentionShape): readonly number[] {
  return [0, 1, 2].map((part) => at + 4 * part * heads * width);
}

/**
 * Results of these sizes, from `call` for ranges of heads, each with scratch of its own; `products` is how many products a
 * head takes.
 */
function spreadHeads(
  device: WasmDevice,
  { batch, heads, queries, keys, width, valueWidth }: AttentionShape,
  products: number,
  results: readonly number[],
  call: (kernels: Kernels, at: At, from: number, to: number, made: readonly Storage[], scratch: number) => void,
): Storage[] {
  const work = batch * heads * queries * keys * (0.04 * products * width + 3);
  const length = device.rangeOf(batch * heads, 1, work);
  const each = device.kernels.attentionScratch(keys, width, valueWidth);
  const scratches = Array.from({ length: Math.ceil((batch * heads) / length) || 1 }, () => each);
  const made = device.heap.makeAll([...results, ...scratches]);
  const rooms = made.splice(results.length);
  try {
    device.spread(batch * heads, 1, work, (kernels, at, from, to) => {
      const scratch = rooms[from / length || 0] as WasmStorage; // no heads, no length
      call(kernels, at, from, to, made, at(scratch));
    });
  } finally {
    for (const room of rooms) device.heap.free(room);
  }
  return made;
}
