import { naive, unrolled } from '../../kernels/gpujs/matmul';
import type { Operand, Storage } from './backend';
import { packed } from './gpu-matmul-gl';
import { tiled } from './gpu-matmul-wgsl';
import { type Argument, type GpuRunner, operandOf, seen } from './gpu-runner';

/** One side of a product: matrices in memory, and which of their numbers take part. */
export interface Factor {
  readonly operand: Operand;
  /** Extents of a matrix as it is stored. */
  readonly rows: number;
  readonly columns: number;
  /** It is stored swapped. */
  readonly transpose: boolean;
  /** 1: one matrix for each of the batch; 0: one for all. */
  readonly step: 0 | 1;
  /** Where along k the sum begins in it. */
  readonly from: number;
}

/** A·B for matrices [m, k] and [k, n], all extents positive. */
export interface Product {
  readonly a: Factor;
  readonly b: Factor;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batch: number;
  /** What is added: nothing, a bias [n], or a sum [batch, m, n]. */
  readonly start: Operand | null;
}

/** Makes [batch, m, n] of a product. */
export type ProductKernel = (on: GpuRunner, product: Product) => Storage;

/**
 * Which kernel is fastest: `packed` and `tiled` reuse what they fetch, which pays when there is something to reuse, in
 * both directions, and enough of it to make up for their further launches.
 */
export function kernelFor({ device }: GpuRunner, { m, k, n, batch }: Product): ProductKernel {
  const work = batch * m * k * n;
  if (device.mode === 'webgpu') return work >= 12 ** 3 ? tiled : plain;
  // Rows of the packed form are counted in float32.
  const exact = batch * Math.max(m, k) + 4 < 2 ** 24;
  return exact && Math.min(m, n) >= 4 && work >= 32 ** 3 ? packed : plain;
}

/** The product, over several launches where a thread may not add up so many terms. */
export function multiply(on: GpuRunner, product: Product, kernel = kernelFor(on, product)): Storage {
  const longest = 4 * on.device.limits.loop; // no kernel here takes more than one turn of its loop for four terms
  const { batch, m, n } = product;
  let sum: Storage | null = null;
  for (let from = 0; from < product.k; from += longest) {
    const next: Storage = kernel(on, {
      ...product,
      a: { ...product.a, from: product.a.from + from },
      b: { ...product.b, from: product.b.from + from },
      k: Math.min(longest, product.k - from),
      start: sum === null ? product.start : operandOf(sum, [batch, m, n]),
    });
    if (sum !== null) on.free(sum);
    sum = next;
  }
  return sum as Storage;
}

/** One thread for each number of the result; four terms in a turn of its loop. */
export const plain: ProductKernel = (on, product) => {
  const { a, b, m, k, n, batch, start } = product;
  const fours = Math.floor(k / 4);
  const kernel = {
    source: unrolled(a.transpose, b.transpose, start !== null),
    integers: ['fromA', 'fromB', 'fours', 'rest'],
  };
  const numbers = [a.from, b.from, fours, k - 4 * fours, a.step, b.step];
  return on.launch(kernel, [n, m, batch], [...started(product), stored(a, batch), stored(b, batch), ...numbers]);
};

/** The product as everybody would write it first: what the others are measured against. For sums of one launch. */
export const simple: ProductKernel = (on, { a, b, m, k, n, batch }) =>
  on.launch(
    { source: naive(a.transpose, b.transpose) },
    [n, m, batch],
    [stored(a, batch), stored(b, batch), k, a.step, b.step],
  );

/** A factor as kernels see it. */
export function stored({ operand, rows, columns, step }: Factor, batch: number) {
  return seen(operand, [columns, rows, step * (batch - 1) + 1]);
}

/** What the sum starts from, as the first arguments of a kernel. */
export function started({ start, m, n, batch }: Product): Argument[] {
  if (start === null) return [];
  return isBias(start) ? [seen(start, [n, 1, 1]), 0] : [seen(start, [n, m, batch]), 1];
}

/** A start is the same for every row, and not a sum for each. */
export function isBias(start: Operand): boolean {
  return start.shape.length === 1;
}
