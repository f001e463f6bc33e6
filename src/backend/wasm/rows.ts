import type { Operand, Rows } from '../contract';
import { inBlocks } from './blocks';
import type { WasmDevice } from './device';
import { checkIds } from './ids';
import { rowsOf, spreadRows } from './row-ranges';
import type { WasmStorage } from './storage';

/** Rows are split over threads; sums over rows are made in blocks of rows. */
export const rows = (device: WasmDevice) =>
  ({
    softmax: (x) => map(device, 'softmax', x),
    softmaxGrad: (g, y) => pullBack(device, 'softmaxGrad', g, y),
    logSoftmax: (x) => map(device, 'logSoftmax', x),
    logSoftmaxGrad: (g, y) => pullBack(device, 'logSoftmaxGrad', g, y),
    layerNorm(x, weight, bias, epsilon) {
      const { heap } = device;
      const [height, width] = rowsOf(x);
      for (const operand of [x, weight, bias]) if (operand) heap.need(operand.storage);
      const result = heap.make('float32', x.storage.size);
      spreadRows(device, height, width, 0.8, (kernels, at, skip, rows) => {
        const [w, b] = [weight ? at(weight.storage) : 0, bias ? at(bias.storage) : 0];
        kernels.layerNorm(at(x.storage) + skip, w, b, at(result) + skip, rows, width, epsilon);
      });
      return result;
    },
    layerNormGrad(g, x, weight, epsilon) {
      const { heap } = device;
      const [height, width] = rowsOf(x);
      for (const operand of [g, x, weight]) if (operand) heap.need(operand.storage);
      const blocks = { rows: height, work: width * 1.5, others: [x.storage.size], sums: [width, width] } as const;
      return inBlocks(device, blocks, (kernels, at, from, rows, [dx], [weights, biases]) => {
        const skip = 4 * from * width;
        const [p, q, w] = [at(g.storage) + skip, at(x.storage) + skip, weight ? at(weight.storage) : 0];
        kernels.layerNormGrad(p, q, w, at(dx) + skip, weights, biases, rows, width, epsilon);
      });
    },
    rmsNorm(x, weight, epsilon) {
      const { heap } = device;
      const [height, width] = rowsOf(x);
      heap.need(x.storage);
      if (weight) heap.need(weight.storage);
      const result = heap.make('float32', x.storage.size);
      spreadRows(device, height, width, 0.6, (kernels, at, skip, rows) => {
        const w = weight ? at(weight.storage) : 0;
        kernels.rmsNorm(at(x.storage) + skip, w, at(result) + skip, rows, width, epsilon);
      });
      return result;
    },
    rmsNormGrad(g, x, weight, epsilon) {
      const { heap } = device;
      const [height, width] = rowsOf(x);
      for (const operand of [g, x, weight]) if (operand) heap.need(operand.storage);
      const blocks = { rows: height, work: width * 1.2, others: [x.storage.size], sums: [width] } as const;
      return inBlocks(device, blocks, (kernels, at, from, rows, [dx], [weights]) => {
        const skip = 4 * from * width;
        const [p, q, w] = [at(g.storage) + skip, at(x.storage) + skip, weight ? at(weight.storage) : 0];
        kernels.rmsNormGrad(p, q, w, at(dx) + skip, weights, rows, width, epsilon);
      });
    },
    crossEntropy(logits, targets) {
      const { heap } = device;
      const [height, width] = rowsOf(logits);
      checkIds(device, 'crossEntropy', targets, width);
      heap.need(logits.storage);
      const result = heap.make('float32', height);
      spreadRows(device, height, width, 2, (kernels, at, skip, rows, from) => {
        const [p, ids, out] = [at(logits.storage) + skip, at(targets.storage) + 4 * from, at(result) + 4 * from];
        kernels.crossEntropy(p, ids, out, rows, width);
      });
      return result;
    },
    crossEntropyGrad(g, logits, targets) {
      const { heap } = device;
      const [height, width] = rowsOf(logits);
      for (const { storage } of [g, logits, targets]) heap.need(storage);
      const result = heap.make('float32', logits.storage.size);
      spreadRows(device, height, width, 3, (kernels, at, skip, rows, from) => {
        const [p, ids] = [at(g.storage) + 4 * from, at(targets.storage) + 4 * from];
        kernels.crossEntropyGrad(p, at(logits.storage) + skip, ids, at(result) + skip, rows, width);
      });
      return result;
    },
  }) satisfies Required<Rows>;

/** A result like x from a kernel (x, out, rows, n). */
function map(device: WasmDevice, name: 'softmax' | 'logSoftmax', x: Operand): WasmStorage {
  const { heap } = device;
  const [height, width] = rowsOf(x);
  heap.need(x.storage);
  const result = heap.make('float32', x.storage.size);
  spreadRows(device, height, width, 3, (kernels, at, skip, rows) => {
    kernels[name](at(x.storage) + skip, at(result) + skip, rows, width);
  });
  return result;
}

/** A result like g from a kernel (g, y, out, rows, n). */
function pullBack(device: WasmDevice, name: 'softmaxGrad' | 'logSoftmaxGrad', g: Operand, y: Operand): WasmStorage {
  const { heap } = device;
  const [height, width] = rowsOf(g);
  heap.need(g.storage);
  heap.need(y.storage);
  const result = heap.make('float32', g.storage.size);
  spreadRows(device, height, width, 3, (kernels, at, skip, rows) => {
    kernels[name](at(g.storage) + skip, at(y.storage) + skip, at(result) + skip, rows, width);
  });
  return result;
}
