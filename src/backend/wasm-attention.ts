import type { AttentionShape } from './attention-layout';
import type { Operand, Storage } from './backend';
import type { WasmDevice } from './wasm-device';
import type { WasmStorage } from './wasm-storage';

export function attention(
  device: WasmDevice,
  q: Operand,
  k: Operand,
  v: Operand,
  shape: AttentionShape,
  scale: number,
  causal: boolean,
): readonly [Storage, Storage] {
  const { heap } = device;
  const { batch, heads, queries, keys, width, valueWidth, packed } = shape;
  const operands = addresses(device, q, k, v, shape);
  const out = heap.make('float32', batch * heads * queries * valueWidth);
  const normalizers = heap.make('float32', batch * heads * queries);
  const results = [heap.address(out), heap.address(normalizers)] as const;
  const sizes = [queries, keys, width, valueWidth, scale, Number(causal)] as const;
  spreadHeads(device, shape, 2, (kernels, from, to, scratch) => {
    kernels.attention(from, to, heads, Number(packed), ...operands, ...results, ...sizes, scratch);
  });
  return [out, normalizers];
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
  const { heap } = device;
  const { heads, queries, keys, width, valueWidth, packed } = shape;
  const operands = addresses(device, q, k, v, shape);
  const known = [g, out, normalizers].map((x) => heap.address(x.storage));
  const grads = (packed ? [q] : [q, k, v]).map((x) => heap.make('float32', x.storage.size));
  const results = packed ? parts(heap.address(grads[0] as WasmStorage), shape) : grads.map((x) => heap.address(x));
  const sizes = [queries, keys, width, valueWidth, scale, Number(causal)] as const;
  spreadHeads(device, shape, 5, (kernels, from, to, scratch) => {
    kernels.attentionGrad(from, to, heads, Number(packed), ...known, ...operands, ...results, ...sizes, scratch);
  });
  return grads;
}

/** Where queries, keys and values begin. */
function addresses({ heap }: WasmDevice, q: Operand, k: Operand, v: Operand, shape: AttentionShape): readonly number[] {
  if (shape.packed) return parts(heap.address(q.storage), shape);
  return [q, k, v].map((x) => heap.address(x.storage));
}

/** The three parts of the first row of a packed operand. */
function parts(at: number, { heads, width }: AttentionShape): readonly number[] {
  return [0, 1, 2].map((part) => at + 4 * part * heads * width);
}

/** `call` for ranges of heads, each with scratch of its own; `products` is how many products a head takes. */
function spreadHeads(
  device: WasmDevice,
  { batch, heads, queries, keys, width, valueWidth }: AttentionShape,
  products: number,
  call: (kernels: WasmDevice['kernels'], from: number, to: number, scratch: number) => void,
): void {
  const scratches: WasmStorage[] = [];
  const work = batch * heads * queries * keys * (0.04 * products * width + 3);
  try {
    device.spread(batch * heads, 1, work, (kernels, from, to) => {
      const scratch = device.heap.make('float32', device.kernels.attentionScratch(keys, width, valueWidth));
      scratches.push(scratch);
      call(kernels, from, to, device.heap.address(scratch));
    });
  } finally {
    for (const scratch of scratches) device.heap.free(scratch); // also when memory was full for one of them
  }
}
