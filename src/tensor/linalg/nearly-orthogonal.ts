import { addScaled, type Columns, dot, unitColumns } from './columns';
import { rounding } from './jacobi';
import { symmetricEigen } from './symmetric-eigen';

/**
 * B = R·V with columns that are nearly orthogonal, longest first: V are the eigenvectors of RᵀR. Squares hide what is
 * small beside the rest, so short columns have another turn among themselves. This saves Jacobi most of its sweeps.
 */
export function nearlyOrthogonal(r: Columns): { b: Columns; v: Columns } {
  let b = r;
  let v = unitColumns(r.length, r.length);
  for (let from = 0; from < r.length; ) {
    const { values, vectors } = symmetricEigen(gram(b.slice(from)));
    const order = [...values.keys()].sort((i, j) => (values[j] as number) - (values[i] as number));
    const turned = (columns: Columns): Columns => {
      const rest = columns.slice(from);
      return [...columns.slice(0, from), ...order.map((i) => combine(rest, vectors[i] as Float64Array))];
    };
    v = from === 0 ? order.map((i) => vectors[i] as Float64Array) : turned(v);
    b = turned(b);
    const norms = b.map((column) => Math.sqrt(dot(column, column)));
    const short = norms.findIndex((norm, i) => i > from && norm < 2 ** -14 * (norms[from] as number));
    if (short < 0 || (norms[short] as number) <= rounding * (norms[0] as number)) break;
    from = short;
  }
  return { b, v };
}

/** AᵀA */
function gram(a: Columns): Columns {
  const products = a.map(() => new Float64Array(a.length));
  a.forEach((x, i) => {
    for (let j = 0; j <= i; j++) {
      const product = dot(x, a[j] as Float64Array);
      (products[i] as Float64Array)[j] = product;
      (products[j] as Float64Array)[i] = product;
    }
  });
  return products;
}

/** Σ weightsᵢ·aᵢ */
function combine(a: Columns, weights: Float64Array): Float64Array {
  const total = new Float64Array(a[0]?.length ?? 0);
  a.forEach((column, i) => {
    addScaled(total, weights[i] as number, column);
  });
  return total;
}
