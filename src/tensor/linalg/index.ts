import { eigh } from './eigh';
import { inverseRoot } from './inverse-root';
import { orthogonalize } from './orthogonalize';
import { qr } from './qr';
import { randomizedSvd } from './randomized-svd';
import { rangeFinder } from './range-finder';
import { subspaceIteration } from './subspace-iteration';
import { svd } from './svd';

/**
 * Decompositions of matrices, in float64 on the CPU, nearly the same from random ranges, and what products alone can do on
 * the backend. Decompositions have no gradient, and say so.
 */
export const linalg = {
  /** Orthonormal columns times an upper triangle. */
  qr,
  /** Singular values with their vectors, all or the leading ones. */
  svd,
  /** Eigenvalues and eigenvectors of a symmetric matrix. */
  eigh,
  /** A random basis of what a large matrix mostly is. */
  rangeFinder,
  /** A basis, turned towards the leading singular vectors. */
  subspaceIteration,
  /** The leading singular values and vectors of a large matrix, nearly. */
  randomizedSvd,
  /** The nearest matrix with singular values of 1, or near it, by products alone. */
  orthogonalize,
  /** x^(−1/2) of a positive definite matrix, by products alone. */
  inverseRoot,
};
