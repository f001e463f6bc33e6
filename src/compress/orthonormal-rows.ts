import { fillRow } from '../base/distribution';
import type { Key } from '../base/key';

/**
 * r Gaussian rows of length d, orthonormalised by modified Gram-Schmidt, twice for stability. Each row keeps its own
 * direction (the triangular factor has a positive diagonal), which is what makes the result Haar distributed.
 */
export function orthonormalRows(key: Key, rank: number, d: number): Float64Array {
  const q = new Float64Array(rank * d);
  const draw = new Float32Array(d);
  for (let i = 0; i < rank; i++) {
    fillRow('normal', key, i, 0, draw);
    const row = q.subarray(i * d, (i + 1) * d);
    row.set(draw);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = q.subarray(j * d, (j + 1) * d);
        const dot = inner(row, other);
        for (let l = 0; l < d; l++) (row[l] as number) -= dot * (other[l] as number);
      }
    }
    const norm = Math.sqrt(inner(row, row));
    for (let l = 0; l < d; l++) (row[l] as number) /= norm;
  }
  return q;
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let l = 0; l < a.length; l++) sum += (a[l] as number) * (b[l] as number);
  return sum;
}
