import { addScaled, type Columns, dot } from './columns';

/** A = Q·R with Q = H₁·H₂·…·H_k, each H = I − β·v·vᵀ. */
export interface Householder {
  /** v of reflection j, from position j on; above it, column j of R. */
  readonly columns: Columns;
  readonly betas: Float64Array;
  /** R's diagonal, not negative. */
  readonly diagonal: Float64Array;
}

/**
 * Factor the columns [n] of a matrix in place, k = min(n, number of columns) reflections. Cost: 2·n·m² − ⅔·m³ flops.
 *
 * R has no negative diagonal. Each column is factored to its own relative accuracy, however much longer those before
 * are, and Q is orthonormal whatever the rank.
 * @see Golub and Van Loan, "Matrix computations", 4th edition, algorithms 5.1.1 and 5.2.1.
 */
export function factor(columns: Columns, n: number): Householder {
  const k = Math.min(n, columns.length);
  const [betas, diagonal] = [new Float64Array(k), new Float64Array(k)];
  for (let j = 0; j < k; j++) {
    const v = columns[j] as Float64Array;
    [betas[j], diagonal[j]] = reflection(v, j);
    for (let other = j + 1; other < columns.length; other++) {
      reflect(columns[other] as Float64Array, v, betas[j] as number, j);
    }
  }
  return { columns, betas, diagonal };
}

/**
 * Turn x = v[j …] into the v of the reflection that maps it to +‖x‖·e₁; returns β and ‖x‖. The first entry x₁ − ‖x‖ is
 * computed as −‖tail‖²/(x₁ + ‖x‖) where x₁ > 0, which does not cancel.
 */
export function reflection(v: Float64Array, j: number): [beta: number, norm: number] {
  const x = v[j] as number;
  const tail = dot(v, v, j + 1);
  const norm = Math.sqrt(x * x + tail);
  const first = x > 0 ? -tail / (x + norm) : x - norm;
  v[j] = first;
  const square = first * first + tail;
  return [square < negligible ? 0 : 2 / square, norm]; // 0: x is where it should be already
}

/**
 * Squares of float32 numbers, and of their products, are above 1e-180. What is smaller than this is the rounding of a
 * rounding of … what should be 0, and dividing by it would overflow.
 */
const negligible = 2 ** -900;

/** The columns of Q·X, in place, for X of n rows. Cost: 4·n·k flops a column. */
export function timesQ({ columns, betas }: Householder, xs: Columns): Columns {
  for (let j = betas.length - 1; j >= 0; j--) {
    for (const x of xs) reflect(x, columns[j] as Float64Array, betas[j] as number, j);
  }
  return xs;
}

/** Column j of R with `rows` rows. */
export function columnOfR({ columns, diagonal }: Householder, j: number, rows: number): Float64Array {
  const column = new Float64Array(rows);
  column.set((columns[j] as Float64Array).subarray(0, Math.min(j, rows)));
  if (j < rows) column[j] = diagonal[j] as number;
  return column;
}

/** x ← x − β·v·(vᵀx), from position j on. */
function reflect(x: Float64Array, v: Float64Array, beta: number, j: number): void {
  const along = beta * dot(v, x, j);
  if (along !== 0) addScaled(x, -along, v, j);
}
