import { ShapeError, StateError } from '../../base/errors';
import { show } from '../../base/shape';
import { checkFloat } from '../op';
import { isTracked } from '../tape';
import type { Tensor } from '../tensor';

/**
 * A float32 matrix: extents [rows, columns].
 * @throws ShapeError `linalg/not-a-matrix`
 */
export function matrixExtents(where: string, x: Tensor): readonly [number, number] {
  checkFloat(where, x);
  if (x.ndim !== 2) {
    throw new ShapeError({
      code: 'linalg/not-a-matrix',
      got: `${where} got a tensor ${show(x.shape)}`,
      expected: 'a matrix with two axes',
      fix: 'reshape it, or take the matrices of a batch one by one',
    });
  }
  return x.shape as readonly [number, number];
}

/**
 * The same of a matrix without a derivative.
 * @throws ShapeError `linalg/not-a-matrix`
 * @throws StateError `linalg/no-gradient`
 */
export function checkMatrix(where: string, x: Tensor): readonly [number, number] {
  const extents = matrixExtents(where, x);
  if (isTracked([x.value])) {
    throw new StateError({
      code: 'linalg/no-gradient',
      got: `${where} got ${x.value}, which a derivative is being taken of`,
      expected: 'a constant, since decompositions have no derivative here',
      fix: 'call stopGradient(x) first, to let none pass through',
    });
  }
  return extents;
}

/** @throws StateError `linalg/non-finite` */
export function checkFiniteInput(where: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new StateError({
      code: 'linalg/non-finite',
      got: `${where} got a matrix whose element ${i} is ${values[i]}`,
      expected: 'finite numbers',
      fix: 'look for the op that made it with debug({ nonFinite: true })',
    });
  }
}

/** @throws StateError `linalg/overflow` for results beyond float32, of inputs near its end */
export function checkOverflow(where: string, results: readonly Float32Array[]): readonly Float32Array[] {
  if (results.every((result) => result.every(Number.isFinite))) return results;
  throw new StateError({
    code: 'linalg/overflow',
    got: `${where} got a matrix whose decomposition has numbers beyond float32`,
    expected: 'results below 3.4e38',
    fix: 'divide the matrix by its largest entry first',
  });
}

export function noConvergence(where: string, count: number, what: string): StateError {
  return new StateError({
    code: 'linalg/no-convergence',
    got: `${where} was not done after ${count} ${what}`,
    expected: 'a few to be enough for every matrix',
    fix: 'report this matrix as a fault of floragrad',
  });
}
