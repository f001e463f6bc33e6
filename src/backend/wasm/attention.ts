import type { AttentionSpec } from '../attention-spec';
import type { Attention, QueriesKeysValues } from '../contract';
import type { WasmDevice } from './device';
import type { Kernels } from './generated/kernels';
import type { At } from './heap';
import type { StoragesOf, WasmStorage } from './storage';

type Three<T> = readonly [T, T, T];

/** Heads go to the threads, each with scratch of its own; weights [T, S] are never kept. */
export const attention = (device: WasmDevice) =>
  ({
    attention(qkv, spec) {
      const { batch, heads, queries, valueWidth, packed } = spec;
      for (const { storage } of qkv) device.heap.need(storage);
      const sizes = [batch * heads * queries * valueWidth, batch * heads * queries] as const;
      return spreadHeads(device, spec, 2, sizes, (kernels, at, from, to, [out, normalizers], scratch) => {
        const [q, k, v] = addresses(at, qkv, spec);
        kernels.attention(
          ...([from, to, heads, Number(packed), q, k, v, at(out), at(normalizers)] as const),
          ...extents(spec),
          scratch,
        );
      });
    },
    attentionGrad(g, qkv, out, normalizers, spec) {
      const { heads, packed } = spec;
      for (const { storage } of [...qkv, g, out, normalizers]) device.heap.need(storage);
      const sizes = (packed ? [qkv[0]] : qkv).map(({ storage }) => storage.size);
      return spreadHeads(device, spec, 5, sizes, (kernels, at, from, to, made, scratch) => {
        const [q, k, v] = addresses(at, qkv, spec);
        const [dq, dk, dv] = packed
          ? parts(at(made[0] as WasmStorage), spec)
          : (made.map(at) as unknown as Three<number>);
        const known = [at(g.storage), at(out.storage), at(normalizers.storage)] as const;
        kernels.attentionGrad(
          ...([from, to, heads, Number(packed), ...known, q, k, v, dq, dk, dv] as const),
          ...extents(spec),
          scratch,
        );
      });
    },
  }) satisfies Required<Attention>;

/** Where queries, keys and values begin. */
function addresses(at: At, [q, k, v]: QueriesKeysValues, spec: AttentionSpec): Three<number> {
  return spec.packed ? parts(at(q.storage), spec) : [at(q.storage), at(k.storage), at(v.storage)];
}

/** The three parts of the first row of a packed operand. */
function parts(at: number, { heads, width }: AttentionSpec): Three<number> {
  const bytes = 4 * heads * width;
  return [at, at + bytes, at + 2 * bytes];
}

/** What every kernel of attention is told, in its order. */
function extents({ queries, keys, width, valueWidth, scale, causal }: AttentionSpec) {
  return [queries, keys, width, valueWidth, scale, Number(causal)] as const;
}

/**
 * Results of these sizes, from `call` for ranges of heads, each with scratch of its own; `products` is how many products a
 * head takes.
 */
function spreadHeads<const Sizes extends readonly number[]>(
  device: WasmDevice,
  { batch, heads, queries, keys, width, valueWidth }: AttentionSpec,
  products: number,
  results: Sizes,
  call: (kernels: Kernels, at: At, from: number, to: number, made: StoragesOf<Sizes>, scratch: number) => void,
): StoragesOf<Sizes> {
  const work = batch * heads * queries * keys * (0.04 * products * width + 3);
  const length = device.rangeOf(batch * heads, 1, work);
  const each = device.kernels.attentionScratch(keys, width, valueWidth);
  const scratches = Array.from({ length: Math.ceil((batch * heads) / length) || 1 }, () => each);
  const rooms = device.heap.makeAll([...results, ...scratches]);
  const made = rooms.splice(0, results.length) as readonly WasmStorage[] as StoragesOf<Sizes>;
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
