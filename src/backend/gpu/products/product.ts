import type { Operand, Storage } from '../../contract';
import { type Argument, type GpuRunner, type Seen, seen } from '../runner';

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

/** Matrices in memory, whose sums begin at their start. */
export function factor(operand: Operand, rows: number, columns: number, transpose: boolean, step: 0 | 1): Factor {
  return { operand, rows, columns, transpose, step, from: 0 };
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

/** A factor as kernels see it. */
export function stored({ operand, rows, columns, step }: Factor, batch: number): Seen {
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
