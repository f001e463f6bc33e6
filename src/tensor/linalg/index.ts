import { eigh } from './eigh';
import { qr } from './qr';
import { svd } from './svd';

/** Decompositions of matrices, in float64 on the CPU. They have no gradient, and say so. */
export const linalg = { qr, svd, eigh };
