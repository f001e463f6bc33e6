import { ShapeError } from '../../base/errors';
import { refuseExtra } from '../../base/options';
import { show } from '../../base/shape';
import type { Tensor } from '../tensor';
import { checkFiniteInput, checkMatrix, checkOverflow } from './checks';
import { fromColumns } from './columns';
import { onHost } from './on-host';
import { symmetricEigen } from './symmetric-eigen';

/** The factors of `linalg.eigh`: x·vectors = vectors·diag(values). */
export interface Eigh {
  /** [n], ascending */
  readonly values: Tensor;
  /** [n, n], one in each column */
  readonly vectors: Tensor;
}

/**
 * Eigenvalues, ascending, and orthonormal eigenvectors of a symmetric matrix: x·vectors = vectors·diag(values).
 * Shapes: x [n, n] → values [n], vectors [n, n], one in each column, with either sign.
 *
 * Only the lower triangle of x is read, as in LAPACK and numpy. Tridiagonal QL in float64 on the CPU, rounded to float32
 * at the end. No gradient.
 * @throws ShapeError `linalg/not-a-matrix`, `linalg/not-square`
 * @throws StateError `linalg/no-gradient`, `linalg/non-finite`, `linalg/overflow`
 */
export function eigh(x: Tensor): Eigh {
  if (arguments.length > 1) refuseExtra('linalg.eigh', arguments, 1);
  const [n, columns] = checkMatrix('eigh', x);
  if (n !== columns) {
    throw new ShapeError({
      code: 'linalg/not-square',
      got: `eigh got a matrix ${show(x.shape)}`,
      expected: 'as many rows as columns',
      fix: 'call it on x·xᵀ, or use linalg.svd',
    });
  }
  const [values, vectors] = onHost('eigh', [x], [[n], [n, n]], ([entries]) => {
    const lower = (i: number, j: number): number =>
      (entries as Float32Array)[Math.max(i, j) * n + Math.min(i, j)] as number;
    const symmetric = Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (_, i) => lower(i, j)));
    for (const column of symmetric) checkFiniteInput('eigh', column);
    const eigen = symmetricEigen(symmetric);
    const order = [...eigen.values.keys()].sort((i, j) => (eigen.values[i] as number) - (eigen.values[j] as number));
    return checkOverflow('eigh', [
      Float32Array.from(order, (i) => eigen.values[i] as number),
      fromColumns(
        order.map((i) => eigen.vectors[i] as Float64Array),
        n,
      ),
    ]);
  });
  return { values: values as Tensor, vectors: vectors as Tensor };
}
