import type { AdamFactors, Operand, Storage } from './backend';
import { inBlocks } from './wasm-blocks';
import type { WasmDevice } from './wasm-device';
import type { WasmHeap, WasmStorage } from './wasm-storage';

export function adam(
  { heap, kernels }: WasmDevice,
  g: Operand,
  mean: Operand,
  square: Operand,
  { beta1, beta2, correction1, correction2, epsilon }: AdamFactors,
): [Storage, Storage, Storage] {
  const [p, m, v] = [heap.address(g.storage), heap.address(mean.storage), heap.address(square.storage)];
  const { size } = g.storage;
  const [update, newMean, newSquare] = [room(heap, size), room(heap, size), room(heap, size)];
  const [u, toMean, toSquare] = [heap.address(update), heap.address(newMean), heap.address(newSquare)];
  const weights = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
  kernels.adam(p, m, v, u, toMean, toSquare, size, ...weights, correction1, correction2, epsilon);
  return [update, newMean, newSquare];
}

export function rms(
  { heap, kernels }: WasmDevice,
  g: Operand,
  square: Operand,
  beta: number,
  epsilon: number,
): [Storage, Storage] {
  const [p, v] = [heap.address(g.storage), heap.address(square.storage)];
  const { size } = g.storage;
  const [update, newSquare] = [room(heap, size), room(heap, size)];
  kernels.rms(p, v, heap.address(update), heap.address(newSquare), size, beta, 1 - beta, epsilon);
  return [update, newSquare];
}

export function lion(
  { heap, kernels }: WasmDevice,
  g: Operand,
  mean: Operand,
  beta1: number,
  beta2: number,
): [Storage, Storage] {
  const [p, m] = [heap.address(g.storage), heap.address(mean.storage)];
  const { size } = g.storage;
  const [update, newMean] = [room(heap, size), room(heap, size)];
  kernels.lion(p, m, heap.address(update), heap.address(newMean), size, beta1, 1 - beta1, beta2, 1 - beta2);
  return [update, newMean];
}

export function squareSums(device: WasmDevice, g: Operand): [Storage, Storage] {
  const { heap, kernels } = device;
  const [rows, columns] = g.shape as [number, number];
  const p = heap.address(g.storage);
  const rowSums = room(heap, rows);
  const columnSums = room(heap, columns);
  inBlocks(device, rows, [columnSums], ([partial]) => {
    kernels.squareSums(p, heap.address(rowSums), partial as number, rows, columns);
  });
  return [rowSums, columnSums];
}

export function scaleRowsColumns(device: WasmDevice, g: Operand, row: Operand, column: Operand): Storage {
  const { heap, kernels } = device;
  const [p, q, s] = [heap.address(g.storage), heap.address(row.storage), heap.address(column.storage)];
  const out = room(heap, g.storage.size);
  kernels.scaleRowsColumns(p, q, s, heap.address(out), row.storage.size, column.storage.size);
  return out;
}

function room(heap: WasmHeap, size: number): WasmStorage {
  return heap.make('float32', size);
}
