import { fillRow } from '../../base/distribution';
import { fold, type Key } from '../../base/key';

/**
 * r Gaussian rows of length d, orthonormalised by modified Gram-Schmidt, twice for stability. Each row keeps its own
 * direction (the triangular factor has a positive diagonal), which is what makes the result Haar distributed.
 */
export function orthonormalRows(key: Key, rank: number, d: number): Float64Array {
  return orthonormalised(rank, d, (row, attempt, out) =>
    fillRow('normal', attempt === 0 ? key : fold(key, 'again', attempt), row, 0, out),
  );
}

/**
 * The same of rows that `draw` makes. A row of which nothing is left beside those above it has no direction, and one of
 * which rounding alone is left has a wrong one: it is drawn again. Draws of 24 bits do come out so: a normal number is
 * exactly 0 at two of the 2²⁴ angles, and where the radius is √(−2 ln 1), which takes its neighbour along.
 * The result stays Haar: how much of a Gaussian row is left says nothing about the direction of what is left.
 */
export function orthonormalised(
  rank: number,
  d: number,
  draw: (row: number, attempt: number, out: Float32Array) => void,
): Float64Array {
  const q = new Float64Array(rank * d);
  const drawn = new Float32Array(d);
  for (let i = 0; i < rank; i++) {
    const row = q.subarray(i * d, (i + 1) * d);
    let [before, left] = [0, 0];
    for (let attempt = 0; !(left > leastLeft * before); attempt++) {
      draw(i, attempt, drawn);
      row.set(drawn);
      before = norm(row);
      for (let pass = 0; pass < 2; pass++) {
        for (let j = 0; j < i; j++) {
          const other = q.subarray(j * d, (j + 1) * d);
          const dot = inner(row, other);
          for (let l = 0; l < d; l++) (row[l] as number) -= dot * (other[l] as number);
        }
      }
      left = norm(row);
    }
    for (let l = 0; l < d; l++) (row[l] as number) /= left;
  }
  return q;
}

/** The share of a row that must be left: rounding leaves some 2⁻⁵², and two passes make up for 2⁻⁴⁰. */
const leastLeft = 2 ** -40;

function norm(a: Float64Array): number {
  return Math.sqrt(inner(a, a));
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let l = 0; l < a.length; l++) sum += (a[l] as number) * (b[l] as number);
  return sum;
}
