import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../../base/shape';
import type { Operand, Products } from '../contract';
import { forOuter, simplify } from '../layout';
import type { WasmDevice } from './device';
import { nanosecondsPerProduct, spreadProduct } from './product-ranges';

/**
 * Finds addresses and strides and calls the kernels of `kernels/wasm/products.ts`; ranges of rows or columns, or the
 * matrices of a batch, go to the threads.
 */
export const products = (device: WasmDevice) =>
  ({
    matmul(a, b, transposeA, transposeB, shape, bias) {
      for (const operand of [a, b, bias]) if (operand) device.heap.need(operand.storage);
      const result = device.heap.make('float32', sizeOf(shape));
      if (result.size === 0) return result;
      device.run((_, at) => {
        const addresses = [at(a.storage), at(b.storage), at(result), bias ? at(bias.storage) : 0] as const;
        multiply(device, a, b, transposeA, transposeB, shape, result.size, addresses);
      });
      return result;
    },
    /** Ranges of rows do not share anything but A. */
    addOnSupport(weight, b, a) {
      for (const { storage } of [weight, b, a]) device.heap.need(storage);
      const [rank = 0, columns = 0] = a.shape;
      const result = device.heap.make('float32', weight.storage.size);
      device.spread(
        weight.shape[0] as number,
        1,
        result.size * (0.3 + rank * nanosecondsPerProduct),
        (kernels, at, from, to) => {
          const skip = 4 * from * columns;
          const [w, p, out] = [at(weight.storage) + skip, at(b.storage) + 4 * from * rank, at(result) + skip];
          kernels.addOnSupport(w, p, at(a.storage), out, to - from, columns, rank);
        },
      );
      return result;
    },
  }) satisfies Required<Products>;

function multiply(
  device: WasmDevice,
  a: Operand,
  b: Operand,
  transposeA: boolean,
  transposeB: boolean,
  shape: Shape,
  size: number,
  [p, q, out, start]: readonly [number, number, number, number],
): void {
  const [m, n] = [shape[shape.length - 2] as number, shape[shape.length - 1] as number];
  const k = a.shape[a.shape.length - (transposeA ? 2 : 1)] as number;
  // Strides of a lane (row of A, column of B) and of a step along k, in elements.
  const [laneA, depthA] = transposeA ? [1, m] : [k, 1];
  const [laneB, depthB] = transposeB ? [k, 1] : [1, n];
  // A column of C is the row of (Bᵀ·Aᵀ): the same memory, and a transposed A then counts as a dense operand.
  const turned = n === 1 && start === 0;
  // One B for a dense batch of A: the batch is more rows of one product.
  const sharedB = b.storage.size === k * n && a.storage.size * n === size * k;
  if (sharedB && !transposeA) {
    const rows = size / n;
    if (turned) gemm(device, q, laneB, depthB, p, laneA, depthA, out, 1, rows, k, start);
    else gemm(device, p, laneA, depthA, q, laneB, depthB, out, rows, n, k, start);
    return;
  }
  const batch = shape.slice(0, -2);
  const strides = [
    broadcastStrides(a.shape.slice(0, -2), batch).map((stride) => stride * m * k),
    broadcastStrides(b.shape.slice(0, -2), batch).map((stride) => stride * k * n),
    stridesOf(batch).map((stride) => stride * m * n),
  ];
  const walk = simplify(batch, strides, 1);
  const [count, [stepA, stepB, stepC]] = [walk.extents.at(-1), walk.strides.map((of) => of.at(-1))] as [number, Three];
  const path = device.kernels.gemmPath(depthA, laneB, depthB, m, n);
  forOuter(walk, 1, ([i = 0, j = 0, o = 0]) => {
    if (count === 1)
      return gemm(device, p + 4 * i, laneA, depthA, q + 4 * j, laneB, depthB, out + 4 * o, m, n, k, start);
    device.spread(count, 1, count * m * n * k * nanosecondsPerProduct, (kernels, _, from, to) => {
      const atA = p + 4 * (i + from * stepA);
      const [atB, atC] = [q + 4 * (j + from * stepB), out + 4 * (o + from * stepC)];
      const [batchA, batchB, batchC] = [4 * stepA, 4 * stepB, 4 * stepC];
      kernels.gemmBatch(
        to - from,
        batchA,
        batchB,
        batchC,
        path,
        atA,
        laneA,
        depthA,
        atB,
        laneB,
        depthB,
        atC,
        n,
        m,
        n,
        k,
        start,
        0,
      );
    });
  });
}

type Three = [number, number, number];

/** c [m, n] = A·B + bias, by the path that suits the whole of it, in ranges of rows or columns. */
function gemm(
  device: WasmDevice,
  a: number,
  laneA: number,
  depthA: number,
  b: number,
  laneB: number,
  depthB: number,
  c: number,
  m: number,
  n: number,
  k: number,
  bias: number,
): void {
  // Chosen before the split, by the whole m and n: a range alone might take another path, with other bits.
  const path = device.kernels.gemmPath(depthA, laneB, depthB, m, n);
  if (m >= n) {
    spreadProduct(device, 'rows', [m, n, k], (kernels, _, from, to) => {
      const [p, out] = [a + 4 * from * laneA, c + 4 * from * n];
      kernels.gemm(path, p, laneA, depthA, b, laneB, depthB, out, n, to - from, n, k, bias, 0);
    });
  } else {
    spreadProduct(device, 'columns', [m, n, k], (kernels, _, from, to) => {
      const [q, out, start] = [b + 4 * from * laneB, c + 4 * from, bias && bias + 4 * from];
      kernels.gemm(path, a, laneA, depthA, q, laneB, depthB, out, n, m, to - from, k, start, 0);
    });
  }
}
