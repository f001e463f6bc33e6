import { type AttentionShape, headLayouts } from './attention-layout';
import type { Operand, Storage } from './backend';
import type { WasmDevice } from './wasm-device';

export function attention(
  device: WasmDevice,
  q: Operand,
  k: Operand,
  v: Operand,
  shape: AttentionShape,
  scale: number,
  causal: boolean,
): readonly [Storage, Storage] {
  const { heap, kernels } = device;
  const { batch, heads, queries, keys, width, valueWidth } = shape;
  const [atQ, atK, atV] = [q, k, v].map((x) => heap.address(x.storage)) as Three;
  const out = heap.make('float32', batch * heads * queries * valueWidth);
  const normalizers = heap.make('float32', batch * heads * queries);
  const [atOut, atNormalizers] = [heap.address(out), heap.address(normalizers)];
  const layout = headLayouts(shape);
  const scratch = heap.make('float32', kernels.attentionScratch(keys, width, valueWidth));
  const room = heap.address(scratch);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      kernels.attention(
        atQ + 4 * layout.q.start(b, h),
        layout.q.row,
        atK + 4 * layout.k.start(b, h),
        layout.k.row,
        atV + 4 * layout.v.start(b, h),
        layout.v.row,
        atOut + 4 * layout.out.start(b, h),
        layout.out.row,
        atNormalizers + 4 * (b * heads + h) * queries,
        queries,
        keys,
        width,
        valueWidth,
        scale,
        causal ? 1 : 0,
        room,
      );
    }
  }
  heap.free(scratch);
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
  const { heap, kernels } = device;
  const { batch, heads, queries, keys, width, valueWidth, packed } = shape;
  const [atQ, atK, atV] = [q, k, v].map((x) => heap.address(x.storage)) as Three;
  const [atG, atOut, atNormalizers] = [g, out, normalizers].map((x) => heap.address(x.storage)) as Three;
  const grads = (packed ? [q] : [q, k, v]).map((x) => heap.make('float32', x.storage.size));
  const [dq, dk = dq, dv = dq] = grads.map((x) => heap.address(x)) as [number, number?, number?];
  const layout = headLayouts(shape);
  const scratch = heap.make('float32', kernels.attentionScratch(keys, width, valueWidth));
  const room = heap.address(scratch);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const [i, j, l] = [layout.q, layout.k, layout.v].map((of) => 4 * of.start(b, h)) as Three;
      const o = 4 * layout.out.start(b, h);
      kernels.attentionGrad(
        atG + o,
        atOut + o,
        layout.out.row,
        atNormalizers + 4 * (b * heads + h) * queries,
        atQ + i,
        dq + i,
        layout.q.row,
        atK + j,
        dk + j,
        layout.k.row,
        atV + l,
        dv + l,
        layout.v.row,
        queries,
        keys,
        width,
        valueWidth,
        scale,
        causal ? 1 : 0,
        room,
      );
    }
  }
  heap.free(scratch);
  return grads;
}

type Three = [number, number, number];
