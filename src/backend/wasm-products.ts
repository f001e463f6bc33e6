import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../base/shape';
import type { Operand, RandomMatrix, Storage } from './backend';
import type { WasmDevice } from './wasm-device';
import { forOuter, simplify } from './wasm-layout';
import { codeOf } from './wasm-random';

export function matmul(
  device: WasmDevice,
  a: Operand,
  b: Operand,
  transposeA: boolean,
  transposeB: boolean,
  shape: Shape,
): Storage {
  const { heap, kernels, workspace } = device;
  const [p, q] = [heap.address(a.storage), heap.address(b.storage)];
  const result = heap.make('float32', sizeOf(shape));
  if (result.size === 0) return result;
  const out = heap.address(result);
  const [m, n] = [shape[shape.length - 2] as number, shape[shape.length - 1] as number];
  const k = a.shape[a.shape.length - (transposeA ? 2 : 1)] as number;
  // Strides of a lane (row of A, column of B) and of a step along k, in elements.
  const [laneA, depthA] = transposeA ? [1, m] : [k, 1];
  const [laneB, depthB] = transposeB ? [k, 1] : [1, n];
  const multiply = (i: number, j: number, o: number, rows: number): void => {
    const [atA, atB, atC] = [p + 4 * i, q + 4 * j, out + 4 * o];
    kernels.gemm(atA, laneA, depthA, atB, laneB, depthB, atC, rows, n, k, workspace, 0, 0, 0, 0);
  };
  // One B for a dense batch of A: the batch is more rows of one product.
  const sharedB = b.storage.size === k * n && a.storage.size * n === result.size * k;
  if (sharedB && !transposeA) multiply(0, 0, 0, result.size / n);
  else {
    const batch = shape.slice(0, -2);
    const strides = [
      broadcastStrides(a.shape.slice(0, -2), batch).map((stride) => stride * m * k),
      broadcastStrides(b.shape.slice(0, -2), batch).map((stride) => stride * k * n),
      stridesOf(batch).map((stride) => stride * m * n),
    ];
    forOuter(simplify(batch, strides, 0), 0, ([i = 0, j = 0, o = 0]) => multiply(i, j, o, m));
  }
  return result;
}

/** The kernel generates the operand at address 0; its lane stride is 1 when lanes run along the columns of A. */
export function matmulRandom(
  device: WasmDevice,
  x: Operand,
  { kind, key, rows, columns, scale }: RandomMatrix,
  side: 'left' | 'right',
  transpose: boolean,
): Storage {
  const { heap, kernels, workspace } = device;
  const [height, width] = x.shape as readonly [number, number];
  const [m, n] = side === 'right' ? [height, transpose ? rows : columns] : [transpose ? columns : rows, width];
  const from = heap.address(x.storage);
  const result = heap.make('float32', m * n);
  const out = heap.address(result);
  const code = codeOf(kind);
  const lane = (side === 'right') === transpose ? 0 : 1;
  if (side === 'right') {
    kernels.gemm(from, width, 1, 0, lane, 0, out, m, n, width, workspace, code, key[0], key[1], scale);
  } else {
    kernels.gemm(0, lane, 0, from, 1, width, out, m, n, height, workspace, code, key[0], key[1], scale);
  }
  return result;
}
