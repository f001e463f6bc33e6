import { coordinatesProjector } from './coordinates';

/**
 * r of the d rows (left) or columns (right), uniformly without replacement, as they are: S is an orthogonal projection, and
 * G − up(down(G)) is exactly zero in what was selected. Biased, E[S] = (r/d)·I, relative squared error 1 − r/d.
 */
export const coordinatesUnscaled = coordinatesProjector('coordinatesUnscaled', () => 1);
