import type { AdamFactors, Operand, Storage } from '../contract';
import { inBlocks } from './blocks';
import type { WasmDevice } from './device';
import type { WasmStorage } from './storage';

export function adam(
  device: WasmDevice,
  g: Operand,
  mean: Operand,
  square: Operand,
  { beta1, beta2, correction1, correction2, epsilon }: AdamFactors,
): [Storage, Storage, Storage] {
  const { size } = g.storage;
  const operands = [g, mean, square].map(({ storage }) => storage);
  const results = room(device, operands, [size, size, size]);
  const weights = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
  device.spread(size, 16, size * 1.5, (kernels, at, from, to) => {
    const [x, y, z, a, b, c] = [...operands, ...results].map((storage) => at(storage) + 4 * from) as Six;
    kernels.adam(x, y, z, a, b, c, to - from, ...weights, correction1, correction2, epsilon);
  });
  return results as Three;
}

export function rms(
  device: WasmDevice,
  g: Operand,
  square: Operand,
  beta: number,
  epsilon: number,
): [Storage, Storage] {
  const { size } = g.storage;
  const operands = [g, square].map(({ storage }) => storage);
  const results = room(device, operands, [size, size]);
  device.spread(size, 16, size, (kernels, at, from, to) => {
    const [x, y, a, b] = [...operands, ...results].map((storage) => at(storage) + 4 * from) as Four;
    kernels.rms(x, y, a, b, to - from, beta, 1 - beta, epsilon);
  });
  return results as Two;
}

export function lion(device: WasmDevice, g: Operand, mean: Operand, beta1: number, beta2: number): [Storage, Storage] {
  const { size } = g.storage;
  const operands = [g, mean].map(({ storage }) => storage);
  const results = room(device, operands, [size, size]);
  device.spread(size, 16, size, (kernels, at, from, to) => {
    const [x, y, a, b] = [...operands, ...results].map((storage) => at(storage) + 4 * from) as Four;
    kernels.lion(x, y, a, b, to - from, beta1, 1 - beta1, beta2, 1 - beta2);
  });
  return results as Two;
}

export function squareSums(device: WasmDevice, g: Operand): [Storage, Storage] {
  const [rows, columns] = g.shape as [number, number];
  device.heap.need(g.storage);
  const blocks = { rows, work: columns * 0.5, others: [rows], sums: [columns] };
  return inBlocks(device, blocks, (kernels, at, from, count, [rowSums], [partial]) => {
    const [p, sums] = [at(g.storage) + 4 * from * columns, at(rowSums as WasmStorage) + 4 * from];
    kernels.squareSums(p, sums, partial as number, count, columns);
  }) as Two;
}

export function scaleRowsColumns(device: WasmDevice, g: Operand, row: Operand, column: Operand): Storage {
  const operands = [g, row, column].map(({ storage }) => storage);
  const [result] = room(device, operands, [g.storage.size]) as [WasmStorage];
  const columns = column.storage.size;
  device.spread(row.storage.size, 1, result.size * 0.5, (kernels, at, from, to) => {
    const skip = 4 * from * columns;
    const [p, q] = [at(g.storage) + skip, at(row.storage) + 4 * from];
    kernels.scaleRowsColumns(p, q, at(column.storage), at(result) + skip, to - from, columns);
  });
  return result;
}

type Two = [WasmStorage, WasmStorage];
type Three = [...Two, WasmStorage];
type Four = [number, number, number, number];
type Six = [...Four, number, number];

/** Operands on the device, and room for results. */
function room({ heap }: WasmDevice, operands: readonly Storage[], sizes: readonly number[]): WasmStorage[] {
  for (const operand of operands) heap.need(operand);
  return heap.makeAll(sizes);
}
