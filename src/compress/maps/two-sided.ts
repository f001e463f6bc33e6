import { fold, type Key } from '../../base/key';
import type { Shape } from '../../base/shape';
import { type Projection, project } from '../projector';
import type { GeneratedProjection } from './generated-maps';

/** A projection with a Gaussian A_L [r, n] on the left and an independent A_R [r, m] on the right; both are functions of the key. */
export interface TwoSidedProjection extends Projection {
  /** What both are drawn from. */
  readonly key: Key;
}

export function sampleTwoSided(key: Key, shape: Shape, rank: number): TwoSidedProjection {
  return { ...project('both', shape, rank), key };
}

/** The part that works from the left: down(X) = A_L·X, up(C) = A_Lᵀ·C. */
export function leftOf({ key, shape, rank }: TwoSidedProjection): GeneratedProjection {
  return { side: 'left', shape, rank, key: fold(key, 'left') };
}

/** The part that works from the right: down(X) = X·A_Rᵀ, up(C) = C·A_R. */
export function rightOf({ key, shape, rank }: TwoSidedProjection): GeneratedProjection {
  return { side: 'right', shape, rank, key: fold(key, 'right') };
}
