import { checkFiniteInput } from '../../tensor/linalg/checks';
import { addScaled, type Columns, columnsOf, dot, fromColumns } from '../../tensor/linalg/columns';
import { decompose } from '../../tensor/linalg/svd';

/** U [out, size], S [size, size], V [in, size], row-major, or the gradients of them. */
export interface GeoValues {
  readonly U: Float32Array;
  readonly S: Float32Array;
  readonly V: Float32Array;
}

/** What a step is taken with. */
export interface GeoSettings {
  /** η */
  readonly learningRate: number;
  /** τ */
  readonly tolerance: number;
  readonly minRank: number;
  /** Columns of an augmented basis at most. */
  readonly augmentedRank: number;
}

/**
 * One step of an adapter s·U·S·Vᵀ whose components count where `mask` [size] is not 0, r of them, in float64 on plain numbers:
 *
 *     K̇ = ∇U·S⁻ᵀ = s·G·V      L̇ = ∇V·S⁻¹ = s·Gᵀ·U
 *     Û = [U, Ũ], the orthonormal columns of [U, K̇]      V̂ = [V, Ṽ], those of [V, L̇]
 *     Ŝ = [[S − η·∇S, −η·L̇ᵀ·Ṽ], [−η·Ũᵀ·K̇, 0]] = P·diag(σ)·Qᵀ
 *     U ← Û·P, V ← V̂·Q, S ← diag(σ), the first r₁ of each: the smallest r₁ ≥ minRank with ‖σ after r₁‖ < τ·‖σ‖
 *
 * Where S is singular its pseudo-inverse stands in, so that what it hides of K̇ and L̇ is 0 and adds no direction.
 */
export function geoStep(
  values: GeoValues & { readonly mask: Float32Array },
  gradients: GeoValues,
  { learningRate, tolerance, minRank, augmentedRank }: GeoSettings,
): GeoValues & { readonly mask: Float32Array } {
  const size = values.mask.length;
  const [n, m] = [values.U.length / size, values.V.length / size];
  for (const gradient of Object.values(gradients)) checkFiniteInput('geoLora', gradient);
  const components = Array.from(values.mask.keys()).filter((i) => values.mask[i] !== 0);
  const active = (matrix: Float32Array, rows: number): Columns => {
    const columns = columnsOf(matrix, [rows, size]);
    return components.map((j) => columns[j] as Float64Array);
  };
  const core = (matrix: Float32Array): Columns =>
    active(matrix, size).map((column) => Float64Array.from(components, (i) => column[i] as number));

  const [U, S, V] = [active(values.U, n), core(values.S), active(values.V, m)];
  const { ofRows, ofColumns } = inverses(S);
  const K = product(active(gradients.U, n), ofRows, n);
  const L = product(active(gradients.V, m), ofColumns, m);
  const left = augmented(U, K, augmentedRank);
  const right = augmented(V, L, augmentedRank);

  const moved = core(gradients.S).map((gradient, j) =>
    (S[j] as Float64Array).map((x, i) => x - learningRate * (gradient[i] as number)),
  );
  const stepped = steppedCore(moved, { left, right, U, V, K, L }, learningRate);
  const [rows, columns] = [left.basis.length, right.basis.length];
  const all = Math.min(rows, columns);
  const { left: P, lengths, right: Q } = decompose(fromColumns(stepped, rows), [rows, columns], all);
  const rank = Math.min(Math.max(rankOf(lengths, tolerance), minRank), size, all);

  return {
    U: padded(product(left.basis, P.slice(0, rank), n), size, n),
    S: padded(
      lengths.slice(0, rank).map((sigma, i) => new Float64Array(size).fill(sigma, i, i + 1)),
      size,
      size,
    ),
    V: padded(product(right.basis, Q.slice(0, rank), m), size, m),
    mask: new Float32Array(size).fill(1, 0, rank),
  };
}

/** The smallest r₁ with ‖σ after r₁‖ < τ·‖σ‖ of descending σ; all of them where there is none. */
function rankOf(sigma: readonly number[], tolerance: number): number {
  const tail = (from: number): number => Math.hypot(...sigma.slice(from));
  const allowed = tolerance * tail(0);
  const found = sigma.findIndex((_, from) => tail(from) < allowed);
  return found < 0 ? sigma.length : found;
}

/** S⁻ᵀ and S⁻¹ by columns, for factors of K̇ and L̇; singular values that are rounding of the largest count as zero. */
function inverses(S: Columns): { readonly ofRows: Columns; readonly ofColumns: Columns } {
  const r = S.length;
  const { left, lengths, right } = decompose(fromColumns(S, r), [r, r], r);
  const least = (lengths[0] ?? 0) * r * 2 ** -23;
  const inverse = (a: Columns, b: Columns): Columns =>
    Array.from({ length: r }, (_, j) => {
      const column = new Float64Array(r);
      lengths.forEach((sigma, k) => {
        if (sigma > least) addScaled(column, ((b[k] as Float64Array)[j] as number) / sigma, a[k] as Float64Array);
      });
      return column;
    });
  return { ofRows: inverse(left, right), ofColumns: inverse(right, left) }; // S = left·σ·rightᵀ
}

/** An orthonormal basis of what a basis and new directions span; the first `own` columns span the basis. */
interface Augmented {
  readonly basis: Columns;
  readonly own: number;
}

/** Gram and Schmidt, each column twice, which is enough. A column that is rounding beside those before it adds none. */
function augmented(own: Columns, more: Columns, most: number): Augmented {
  const basis: Columns = [];
  const add = (column: Float64Array): void => {
    const rest = column.slice();
    for (let pass = 0; pass < 2; pass++) for (const q of basis) addScaled(rest, -dot(q, rest), q);
    const length = Math.sqrt(dot(rest, rest));
    if (length > rounding * Math.sqrt(dot(column, column))) basis.push(rest.map((x) => x / length));
  };
  for (const column of own) add(column);
  const count = basis.length;
  for (const column of more) if (basis.length < most) add(column);
  return { basis, own: count };
}

/** What float32 gradients are off by, beside their size, after a few sums. */
const rounding = 2 ** -18;

/** Ŝ by columns, in the augmented bases. U and V are orthonormal to rounding alone, and what is left counts. */
function steppedCore(
  moved: Columns,
  {
    left,
    right,
    U,
    V,
    K,
    L,
  }: { readonly left: Augmented; readonly right: Augmented } & Readonly<Record<'U' | 'V' | 'K' | 'L', Columns>>,
  learningRate: number,
): Columns {
  const ofU = left.basis.map((q) => U.map((u) => dot(q, u)));
  return right.basis.map((q, j) => {
    const ofV = V.map((v) => dot(q, v));
    const along = L.map((l) => (j < right.own ? 0 : -learningRate * dot(q, l))); // −η·L̇ᵀ·Ṽ
    const column = moved.reduce(
      (sum, one, l) => sum.map((x, k) => x + (one[k] as number) * (ofV[l] as number)),
      Float64Array.from(along),
    );
    return Float64Array.from(left.basis, (p, i) => {
      const inside = (ofU[i] as number[]).reduce((sum, u, k) => sum + u * (column[k] as number), 0);
      if (i < left.own) return inside;
      return inside - learningRate * K.reduce((sum, k, l) => sum + dot(p, k) * (ofV[l] as number), 0); // −η·Ũᵀ·K̇
    });
  });
}

/** X·Y by columns, for X of `rows` rows. */
function product(x: Columns, y: Columns, rows: number): Columns {
  return y.map((weights) => {
    const column = new Float64Array(rows);
    for (const [k, weight] of weights.entries()) addScaled(column, weight, x[k] as Float64Array);
    return column;
  });
}

/** Row-major [rows, size], zeros beyond the given columns. */
function padded(columns: Columns, size: number, rows: number): Float32Array {
  const zeros = Array.from({ length: size - columns.length }, () => new Float64Array(rows));
  return fromColumns([...columns, ...zeros], rows);
}
