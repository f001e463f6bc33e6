/** A matrix in float64 as the list of its columns, so that every inner loop runs along memory. */
export type Columns = Float64Array[];

/** The columns of a row-major matrix [n, m]. */
export function columnsOf(values: ArrayLike<number>, [n, m]: readonly [number, number]): Columns {
  return Array.from({ length: m }, (_, j) => Float64Array.from({ length: n }, (_, i) => values[i * m + j] as number));
}

/** The columns of the transpose: the rows of a row-major matrix [n, m]. */
export function rowsOf(values: Float32Array, [n, m]: readonly [number, number]): Columns {
  return Array.from({ length: n }, (_, i) => Float64Array.from(values.subarray(i * m, (i + 1) * m)));
}

/** Row-major float32 [n, columns]. */
export function fromColumns(columns: Columns, n: number): Float32Array {
  const values = new Float32Array(n * columns.length);
  columns.forEach((column, j) => {
    for (let i = 0; i < n; i++) values[i * columns.length + j] = column[i] as number;
  });
  return values;
}

/** Row-major float32 [columns, n] of the transpose. */
export function fromRows(columns: Columns, n: number): Float32Array {
  const values = new Float32Array(n * columns.length);
  columns.forEach((column, j) => {
    values.set(column, j * n);
  });
  return values;
}

/** The first `count` columns of the identity [n, n]. */
export function unitColumns(n: number, count: number): Columns {
  return Array.from({ length: count }, (_, j) => new Float64Array(n).fill(1, j, j + 1));
}

/** xᵀy over positions from … to. Two partial sums: one addition need not wait for the one before. */
export function dot(x: Float64Array, y: Float64Array, from = 0, to = x.length): number {
  let even = 0;
  let odd = 0;
  let i = from;
  for (; i + 1 < to; i += 2) {
    even += (x[i] as number) * (y[i] as number);
    odd += (x[i + 1] as number) * (y[i + 1] as number);
  }
  if (i < to) even += (x[i] as number) * (y[i] as number);
  return even + odd;
}

/** y ← y + a·x */
export function addScaled(y: Float64Array, a: number, x: Float64Array, from = 0, to = x.length): void {
  for (let i = from; i < to; i++) (y[i] as number) += a * (x[i] as number);
}

/** (x, y) ← (c·x − s·y, s·x + c·y) */
export function rotate(x: Float64Array, y: Float64Array, c: number, s: number): void {
  for (let i = 0; i < x.length; i++) {
    const a = x[i] as number;
    const b = y[i] as number;
    x[i] = c * a - s * b;
    y[i] = s * a + c * b;
  }
}
