import { eigh } from './eigh';
import { qr } from './qr';
import { svd } from './svd';

/** Decompositions of matrices, in float64 on the CPU. They have no gradient, and say so. */
export const linalg = {
  /** Orthonormal columns times an upper triangle. */
  qr,
  /** Singular values with their vectors, all or the leading ones. */
  svd,
  /** Eigenvalues and eigenvectors of a symmetric matrix. */
  eigh,
};
