import { noConvergence } from './checks';
import { type Columns, dot, rotate } from './columns';

const sweeps = 60; // a dozen are many
/** Cosine of the angle at which two columns count as orthogonal: far below float32's rounding. */
const orthogonal = 1e-12;
/**
 * A column this much shorter than the longest one is left alone: it is less than the float64 rounding of the others. To
 * go on down there takes a sweep for every sixteen digits, and brings out nothing but smaller rounding.
 */
export const rounding = 2 ** -70;

/**
 * One-sided Jacobi: rotate pairs of columns until all are orthogonal, and the columns of `companions` with them: then
 * B = U·Σ, and the companions of an identity are V.
 * @throws StateError `linalg/no-convergence`, which no finite matrix should meet
 * @see Hestenes, "Inversion of matrices by biorthogonalization", J. SIAM 6(1), 1958.
 */
export function orthogonalize(columns: Columns, companions: Columns): void {
  const n = columns.length;
  const norms = new Float64Array(n);
  for (let sweep = 0, rotated = true; rotated; sweep++) {
    if (sweep === sweeps) throw noConvergence('svd', sweeps, 'sweeps');
    rotated = false;
    columns.forEach((column, j) => {
      norms[j] = Math.sqrt(dot(column, column));
    });
    const nothing = rounding * norms.reduce((a, b) => Math.max(a, b), 0);
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const [x, y] = [columns[p] as Float64Array, columns[q] as Float64Array];
        const [length, other] = [norms[p] as number, norms[q] as number];
        if (length <= nothing || other <= nothing) continue;
        const cosine = dot(x, y) / length / other;
        if (Math.abs(cosine) <= orthogonal) continue;
        rotated = true;
        // The angle that makes them orthogonal: cot 2θ = ζ = (‖y‖² − ‖x‖²)/(2·xᵀy), |θ| ≤ π/4
        const zeta = (other / length - length / other) / (2 * cosine);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        rotate(x, y, c, c * t);
        rotate(companions[p] as Float64Array, companions[q] as Float64Array, c, c * t);
        norms[p] = Math.sqrt(dot(x, x));
        norms[q] = Math.sqrt(dot(y, y));
      }
    }
  }
}
