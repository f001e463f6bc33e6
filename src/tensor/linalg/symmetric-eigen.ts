import { noConvergence } from './checks';
import { addScaled, type Columns, dot, rotate, unitColumns } from './columns';
import { reflection } from './householder';

export interface Eigen {
  /** The eigenvalues, in no particular order. */
  readonly values: Float64Array;
  /** vectors[i] belongs to values[i]; orthonormal. */
  readonly vectors: Columns;
}

/**
 * All eigenvalues and vectors of a symmetric matrix [n, n], whose columns (both triangles) are overwritten: Householder
 * reflections to tridiagonal form, then QL steps with implicit shifts. Errors are of the order of the float64 rounding of
 * the largest eigenvalue. Cost: about 8·n³ flops.
 * @see Golub and Van Loan, "Matrix computations", 4th edition, sections 8.3.1 and 8.3.3.
 */
export function symmetricEigen(a: Columns): Eigen {
  const { diagonal, offDiagonal, vectors } = tridiagonalize(a);
  diagonalize(diagonal, offDiagonal, vectors);
  return { values: diagonal, vectors };
}

/** A = Q·T·Qᵀ with T tridiagonal; returns T and the columns of Q. */
function tridiagonalize(a: Columns): { diagonal: Float64Array; offDiagonal: Float64Array; vectors: Columns } {
  const n = a.length;
  const [diagonal, offDiagonal, betas] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const w = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    // Reflect a[k+1 …, k] to a multiple of e₁, from both sides.
    const v = a[k] as Float64Array;
    diagonal[k] = v[k] as number;
    if (k + 1 === n) break;
    const [beta, norm] = reflection(v, k + 1);
    offDiagonal[k] = norm;
    betas[k] = beta;
    if (beta === 0) continue;
    // w = β·A·v − ½·β²·(vᵀA·v)·v, then A ← A − v·wᵀ − w·vᵀ
    for (let j = k + 1; j < n; j++) w[j] = beta * dot(a[j] as Float64Array, v, k + 1, n);
    addScaled(w, (-beta / 2) * dot(w, v, k + 1, n), v, k + 1, n);
    for (let j = k + 1; j < n; j++) {
      const column = a[j] as Float64Array;
      const [p, q] = [v[j] as number, w[j] as number];
      for (let i = k + 1; i < n; i++) (column[i] as number) -= (w[i] as number) * p + (v[i] as number) * q;
    }
  }
  const vectors = unitColumns(n, n);
  for (let k = n - 2; k >= 0; k--) {
    const v = a[k] as Float64Array;
    for (let j = k + 1; j < n; j++) {
      const column = vectors[j] as Float64Array;
      addScaled(column, -(betas[k] as number) * dot(v, column, k + 1, n), v, k + 1, n);
    }
  }
  return { diagonal, offDiagonal, vectors };
}

const stepsPerValue = 60; // two are usual

/** Rotate T = (d, e) until its off-diagonal e is nothing beside the largest entry; the vectors follow. */
function diagonalize(d: Float64Array, e: Float64Array, vectors: Columns): void {
  const n = d.length;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(d[i] as number) + Math.abs(e[i] as number));
  const nothing = 2 ** -53 * largest;
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      let m = l; // the block l … m stands alone
      while (m + 1 < n && Math.abs(e[m] as number) > nothing) m++;
      if (m === l) break;
      if (step === stepsPerValue) throw noConvergence('eigh', step, 'steps for one eigenvalue');
      qlStep(d, e, l, m, vectors);
    }
  }
}

/** One implicit QL step with Wilkinson's shift: chase the bulge from row m up to row l. */
function qlStep(d: Float64Array, e: Float64Array, l: number, m: number, vectors: Columns): void {
  const at = (list: Float64Array, i: number): number => list[i] as number;
  const half = (at(d, l + 1) - at(d, l)) / (2 * at(e, l));
  const root = Math.sqrt(half * half + 1);
  let g = at(d, m) - at(d, l) + at(e, l) / (half + (half < 0 ? -root : root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const [f, b] = [s * at(e, i), c * at(e, i)];
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      // The matrix falls apart here: the rest is done in the next step.
      (d[i + 1] as number) -= p;
      e[m] = 0;
      return;
    }
    [s, c] = [f / r, g / r];
    g = at(d, i + 1) - p;
    const t = (at(d, i) - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotate(vectors[i] as Float64Array, vectors[i + 1] as Float64Array, c, s);
  }
  (d[l] as number) -= p;
  e[l] = g;
  e[m] = 0;
}
