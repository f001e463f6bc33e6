import type { AdamFactors, Operand, Storage } from './backend';
import { inBlocks } from './wasm-blocks';
import type { WasmDevice } from './wasm-device';
import type { WasmHeap, WasmStorage } from './wasm-storage';

export function adam(
  device: WasmDevice,
  g: Operand,
  mean: Operand,
  square: Operand,
  { beta1, beta2, correction1, correction2, epsilon }: AdamFactors,
): [Storage, Storage, Storage] {
  const { heap } = device;
  const [p, m, v] = [heap.address(g.storage), heap.address(mean.storage), heap.address(square.storage)];
  const { size } = g.storage;
  const [update, newMean, newSquare] = [room(heap, size), room(heap, size), room(heap, size)];
  const [u, toMean, toSquare] = [heap.address(update), heap.address(newMean), heap.address(newSquare)];
  const weights = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
  device.spread(size, 16, size * 1.5, (kernels, from, to) => {
    const [x, y, z, a, b, c] = [p, m, v, u, toMean, toSquare].map((at) => at + 4 * from) as Six;
    kernels.adam(x, y, z, a, b, c, to - from, ...weights, correction1, correction2, epsilon);
  });
  return [update, newMean, newSquare];
}

export function rms(
  device: WasmDevice,
  g: Operand,
  square: Operand,
  beta: number,
  epsilon: number,
): [Storage, Storage] {
  const { heap } = device;
  const [p, v] = [heap.address(g.storage), heap.address(square.storage)];
  const { size } = g.storage;
  const [update, newSquare] = [room(heap, size), room(heap, size)];
  const [u, toSquare] = [heap.address(update), heap.address(newSquare)];
  device.spread(size, 16, size, (kernels, from, to) => {
    const [x, y, a, b] = [p, v, u, toSquare].map((at) => at + 4 * from) as Four;
    kernels.rms(x, y, a, b, to - from, beta, 1 - beta, epsilon);
  });
  return [update, newSquare];
}

export function lion(device: WasmDevice, g: Operand, mean: Operand, beta1: number, beta2: number): [Storage, Storage] {
  const { heap } = device;
  const [p, m] = [heap.address(g.storage), heap.address(mean.storage)];
  const { size } = g.storage;
  const [update, newMean] = [room(heap, size), room(heap, size)];
  const [u, toMean] = [heap.address(update), heap.address(newMean)];
  device.spread(size, 16, size, (kernels, from, to) => {
    const [x, y, a, b] = [p, m, u, toMean].map((at) => at + 4 * from) as Four;
    kernels.lion(x, y, a, b, to - from, beta1, 1 - beta1, beta2, 1 - beta2);
  });
  return [update, newMean];
}

export function squareSums(device: WasmDevice, g: Operand): [Storage, Storage] {
  const { heap } = device;
  const [rows, columns] = g.shape as [number, number];
  const p = heap.address(g.storage);
  const rowSums = room(heap, rows);
  const columnSums = room(heap, columns);
  const sums = heap.address(rowSums);
  inBlocks(device, rows, columns * 0.5, [columnSums], (kernels, from, count, [partial]) => {
    kernels.squareSums(p + 4 * from * columns, sums + 4 * from, partial as number, count, columns);
  });
  return [rowSums, columnSums];
}

export function scaleRowsColumns(device: WasmDevice, g: Operand, row: Operand, column: Operand): Storage {
  const { heap } = device;
  const [p, q, s] = [heap.address(g.storage), heap.address(row.storage), heap.address(column.storage)];
  const result = room(heap, g.storage.size);
  const out = heap.address(result);
  const columns = column.storage.size;
  device.spread(row.storage.size, 1, result.size * 0.5, (kernels, from, to) => {
    const skip = 4 * from * columns;
    kernels.scaleRowsColumns(p + skip, q + 4 * from, s, out + skip, to - from, columns);
  });
  return result;
}

type Four = [number, number, number, number];
type Six = [...Four, number, number];

function room(heap: WasmHeap, size: number): WasmStorage {
  return heap.make('float32', size);
}
