import { fillRow } from '../../base/distribution';
import { fold, type Key } from '../../base/key';

/**
 * r Gaussian rows of length d, orthonormalised by Gram-Schmidt, twice where rounding asks for it. Each row keeps its own
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
      left = removeAbove(q, i, row);
      if (left < enoughLeft * before) left = removeAbove(q, i, row);
    }
    for (let l = 0; l < d; l++) (row[l] as number) /= left;
  }
  return q;
}

/** The share of a row that must be left: rounding leaves some 2⁻⁵², and two passes make up for 2⁻⁴⁰. */
const leastLeft = 2 ** -40;

/**
 * A row of which this share is left after one pass needs no second one: its rounding has grown by no more than 1/share.
 * Most rows of a rank far below d are such.
 * @see Daniel, Gragg, Kaufman and Stewart, "Reorthogonalization and stable algorithms for updating the Gram-Schmidt QR
 * factorization", Mathematics of Computation 30 (1976).
 */
const enoughLeft = Math.SQRT1_2;

/** Take from a row what lies along the first `count` rows of q; the norm of what is left. */
function removeAbove(q: Float64Array, count: number, row: Float64Array): number {
  let above = 0;
  for (; above + 4 <= count; above += 4) removeFour(q, above * row.length, row);
  for (; above < count; above++) removeOne(q, above * row.length, row);
  return norm(row);
}

/** Take from a row what lies along the unit row of q that starts at `from`. */
function removeOne(q: Float64Array, from: number, row: Float64Array): void {
  let dot = 0;
  for (let l = 0; l < row.length; l++) dot += (row[l] as number) * (q[from + l] as number);
  for (let l = 0; l < row.length; l++) (row[l] as number) -= dot * (q[from + l] as number);
}

/** The same of four neighbours at once, for they are orthogonal: four sums that do not wait for each other. */
function removeFour(q: Float64Array, from: number, row: Float64Array): void {
  const d = row.length;
  const [first, second, third] = [from + d, from + 2 * d, from + 3 * d];
  let [a, b, c, e] = [0, 0, 0, 0];
  for (let l = 0; l < d; l++) {
    const x = row[l] as number;
    a += x * (q[from + l] as number);
    b += x * (q[first + l] as number);
    c += x * (q[second + l] as number);
    e += x * (q[third + l] as number);
  }
  for (let l = 0; l < d; l++) {
    const along = a * (q[from + l] as number) + b * (q[first + l] as number);
    (row[l] as number) -= along + (c * (q[second + l] as number) + e * (q[third + l] as number));
  }
}

function norm(a: Float64Array): number {
  let sum = 0;
  for (let l = 0; l < a.length; l++) sum += (a[l] as number) ** 2;
  return Math.sqrt(sum);
}
