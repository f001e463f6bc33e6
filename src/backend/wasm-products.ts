import type { Distribution } from '../base/distribution';
import type { Key } from '../base/key';
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../base/shape';
import type { Operand, RandomMatrix, Storage } from './backend';
import type { WasmDevice } from './wasm-device';
import { forOuter, simplify } from './wasm-layout';

/** Codes of the distributions in `kernels/wasm/random.ts`. */
const distributions: Record<Distribution, number> = { uniform: 0, normal: 1, rademacher: 2 };

export function matmul(
  device: WasmDevice,
  a: Operand,
  b: Operand,
  transposeA: boolean,
  transposeB: boolean,
  shape: Shape,
  bias: Operand | null,
): Storage {
  const { heap } = device;
  const [p, q, start] = [heap.address(a.storage), heap.address(b.storage), bias ? heap.address(bias.storage) : 0];
  const result = heap.make('float32', sizeOf(shape));
  if (result.size === 0) return result;
  const out = heap.address(result);
  const [m, n] = [shape[shape.length - 2] as number, shape[shape.length - 1] as number];
  const k = a.shape[a.shape.length - (transposeA ? 2 : 1)] as number;
  // Strides of a lane (row of A, column of B) and of a step along k, in elements.
  const [laneA, depthA] = transposeA ? [1, m] : [k, 1];
  const [laneB, depthB] = transposeB ? [k, 1] : [1, n];
  // A column of C is the row of (Bᵀ·Aᵀ): the same memory, and a transposed A then counts as a dense operand.
  const turned = n === 1 && start === 0;
  const multiply = (i: number, j: number, o: number, rows: number): void => {
    const [atA, atB, atC] = [p + 4 * i, q + 4 * j, out + 4 * o];
    if (turned) gemm(device, atB, laneB, depthB, atA, laneA, depthA, atC, 1, rows, k, start);
    else gemm(device, atA, laneA, depthA, atB, laneB, depthB, atC, rows, n, k, start);
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

/** c [m, n] = A·B + bias, with the path that suits the whole of it. */
function gemm(
  { kernels }: WasmDevice,
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
  const path = kernels.gemmPath(depthA, laneB, depthB, m, n);
  kernels.gemm(path, a, laneA, depthA, b, laneB, depthB, c, n, m, n, k, bias, 0);
}

/** The kernel generates the operand at address 0; its lane stride is 1 when lanes run along the columns of A. */
export function matmulRandom(
  device: WasmDevice,
  x: Operand,
  { kind, key, rows, columns, scale }: RandomMatrix,
  side: 'left' | 'right',
  transpose: boolean,
): Storage {
  const { heap, kernels } = device;
  const [height, width] = x.shape as readonly [number, number];
  const [m, n] = side === 'right' ? [height, transpose ? rows : columns] : [transpose ? columns : rows, width];
  const from = heap.address(x.storage);
  const result = heap.make('float32', m * n);
  const out = heap.address(result);
  const code = distributions[kind];
  const lane = (side === 'right') === transpose ? 0 : 1;
  if (side === 'right') {
    kernels.gemmRandom(from, width, 1, 0, lane, 0, out, m, n, width, code, key[0], key[1], scale);
  } else {
    kernels.gemmRandom(0, lane, 0, from, 1, width, out, m, n, height, code, key[0], key[1], scale);
  }
  return result;
}

export function random(device: WasmDevice, kind: Distribution, key: Key, shape: Shape): Storage {
  const { heap, kernels, workspace } = device;
  const result = heap.make('float32', sizeOf(shape));
  if (result.size === 0) return result;
  const columns = shape.at(-1) ?? 1;
  const rows = result.size / columns;
  const out = heap.address(result);
  kernels.randomFill(distributions[kind], key[0], key[1], 1, 0, rows, 0, columns, out, columns, workspace);
  return result;
}
