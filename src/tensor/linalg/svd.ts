import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import type { Tensor } from '../tensor';
import { checkFiniteInput, checkMatrix, checkOverflow } from './checks';
import { type Columns, columnsOf, dot, fromColumns, fromRows, rowsOf, unitColumns } from './columns';
import { columnOfR, factor, timesQ } from './householder';
import { orthogonalize } from './jacobi';
import { nearlyOrthogonal } from './nearly-orthogonal';
import { onHost } from './on-host';

/** The factors of `linalg.svd`: x = u·diag(s)·vt. */
export interface SVD {
  /** [m, k], orthonormal columns */
  readonly u: Tensor;
  /** [k], descending */
  readonly s: Tensor;
  /** [k, n], orthonormal rows */
  readonly vt: Tensor;
}

const svdOptions = {
  /** How many singular values and vectors, the largest ones (default: all). */
  rank: optional(whole({ low: 0 })),
};

/** How many factors. */
export interface SvdOptions extends OptionsOf<typeof svdOptions> {}

/**
 * x = u·diag(s)·vt with orthonormal columns in u, orthonormal rows in vt and singular values that descend, for
 * k = min(m, n); with `rank`, the first `rank` of them, which are the same numbers.
 * Shapes: x [m, n] → u [m, k], s [k], vt [k, n].
 *
 * u and vt are orthonormal for every x, also for zeros and low rank; s is right to float32's rounding, or to 1e-14 of the
 * largest value. Vectors come in pairs with either sign, and for equal singular values any basis will do. Float64 on the
 * CPU, rounded to float32 at the end. No gradient.
 *
 * What is done on the larger side is one QR factorization, so nothing is larger than x. With N = max(m, n), it costs about
 * 2·N·k² flops, some 20·k³ for the factors of its triangle (twice that and more for low rank), and 4·N·k·rank for the
 * vectors of the larger side.
 * @throws ShapeError `linalg/not-a-matrix`
 * @throws OptionError `options/range` for a rank that is not between 1 and k
 * @throws StateError `linalg/no-gradient`, `linalg/non-finite`, `linalg/overflow`
 */
export function svd(x: Tensor, options: SvdOptions = {}): SVD {
  if (arguments.length > 2) refuseExtra('linalg.svd', arguments, 2);
  const [m, n] = checkMatrix('svd', x);
  const k = Math.min(m, n);
  const { rank = k } = readOptions('svd', svdOptions, options, 'x');
  checkArgument('svd', 'rank', whole({ low: Math.min(1, k), high: k }), rank);
  const shapes = [[m, rank], [rank], [rank, n]];
  const [u, s, vt] = onHost('svd', [x], shapes, ([values]) => {
    const entries = values as Float32Array;
    checkFiniteInput('svd', entries);
    const { left, lengths, right } = decompose(entries, [m, n], rank);
    return checkOverflow('svd', [fromColumns(left, m), Float32Array.from(lengths), fromRows(right, n)]);
  });
  return { u: u as Tensor, s: s as Tensor, vt: vt as Tensor };
}

/** The same on plain numbers, row-major: the first `rank` singular vectors of both sides, and the values. */
export function decompose(
  values: Float32Array,
  [m, n]: readonly [number, number],
  rank: number,
): { left: Columns; lengths: number[]; right: Columns } {
  // The transpose has the same factors, swapped: decompose whichever is tall.
  if (m < n) {
    const { long, lengths, short } = tallSvd(rowsOf(values, [m, n]), n, rank);
    return { left: short, lengths, right: long };
  }
  const { long, lengths, short } = tallSvd(columnsOf(values, [m, n]), m, rank);
  return { left: long, lengths, right: short };
}

/** A = long·diag(lengths)·shortᵀ for the columns of A [m, n], m ≥ n, which are overwritten. */
function tallSvd(a: Columns, m: number, rank: number): { long: Columns; lengths: number[]; short: Columns } {
  const n = a.length;
  const outer = m > n ? factor(a, m) : null; // A = Q·R
  const r = outer ? Array.from({ length: n }, (_, j) => columnOfR(outer, j, n)) : a;
  const { b, v } = nearlyOrthogonal(r);
  orthogonalize(b, v);
  // B = U·Σ. QR gives each column its direction, and where Σ is 0 any direction that is still free.
  const norms = b.map((column) => Math.sqrt(dot(column, column)));
  const order = [...norms.keys()].sort((i, j) => (norms[j] as number) - (norms[i] as number)).slice(0, rank);
  const u = timesQ(
    factor(
      order.map((j) => b[j] as Float64Array),
      n,
    ),
    unitColumns(n, rank),
  );
  return {
    long: outer
      ? timesQ(
          outer,
          u.map((column) => padded(column, m)),
        )
      : u,
    lengths: order.map((j) => norms[j] as number),
    short: order.map((j) => v[j] as Float64Array),
  };
}

function padded(column: Float64Array, length: number): Float64Array {
  const longer = new Float64Array(length);
  longer.set(column);
  return longer;
}
