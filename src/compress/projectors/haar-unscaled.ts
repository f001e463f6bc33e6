import { haarProjector } from './haar';

/**
 * A = Q with r orthonormal rows, uniformly distributed: S is an orthogonal projection. Biased, E[S] = (r/d)·I, relative
 * squared error 1 − r/d, never above 1; a transfer is a contraction, so the past fades by r/d at each refresh.
 */
export const haarUnscaled = haarProjector('haarUnscaled', () => 1);
