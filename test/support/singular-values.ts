/**
 * Singular values of a small dense matrix, largest first: one-sided Jacobi in float64, which finds the small ones to
 * high relative accuracy. Shapes: values row-major [n, m].
 */
export function singularValues(values: ArrayLike<number>, [n, m]: readonly [number, number]): number[] {
  const at = (i: number, j: number): number => values[i * m + j] as number;
  // Rotate the vectors of the shorter side.
  const vectors =
    n <= m
      ? Array.from({ length: n }, (_, i) => Float64Array.from({ length: m }, (_, j) => at(i, j)))
      : Array.from({ length: m }, (_, j) => Float64Array.from({ length: n }, (_, i) => at(i, j)));
  for (let sweep = 0, rotated = true; rotated && sweep < 60; sweep++) {
    rotated = false;
    for (let p = 0; p < vectors.length; p++) {
      for (let q = p + 1; q < vectors.length; q++) {
        rotated = orthogonalize(vectors[p] as Float64Array, vectors[q] as Float64Array) || rotated;
      }
    }
  }
  return vectors.map((vector) => Math.sqrt(dot(vector, vector))).sort((a, b) => b - a);
}

/** Rotate two vectors in their plane until they are orthogonal; false when they are already. */
function orthogonalize(x: Float64Array, y: Float64Array): boolean {
  const [xx, yy, xy] = [dot(x, x), dot(y, y), dot(x, y)];
  if (xy === 0 || Math.abs(xy) <= 1e-15 * Math.sqrt(xx * yy)) return false;
  const zeta = (yy - xx) / (2 * xy);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i] as number, y[i] as number];
    x[i] = c * (a - t * b);
    y[i] = c * (t * a + b);
  }
  return true;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}
