import { fold } from '../../base/key';
import type { KeyedProjection } from '../keyed';

// A Gaussian A_L [r, n] on the left and an independent A_R [r, m] on the right, both functions of one key.

/** The part of a two-sided projection that works from the left: down(X) = A_L·X, up(C) = A_Lᵀ·C. */
export function leftOf({ key, shape, rank }: KeyedProjection): KeyedProjection {
  return { side: 'left', shape, rank, key: fold(key, 'left') };
}

/** The part that works from the right: down(X) = X·A_Rᵀ, up(C) = C·A_R. */
export function rightOf({ key, shape, rank }: KeyedProjection): KeyedProjection {
  return { side: 'right', shape, rank, key: fold(key, 'right') };
}
