import { OptionError } from '../base/errors';
import { compressedDimension, type Projector } from '../compress/projector';
import type { GradientValues, Theory } from '../compress/theory/theory';

/** What a projector promises; null where it promises nothing. */
export function theoryOf(projector: Projector, rank: number, given: GradientValues): Theory | null {
  try {
    return projector.theory(compressedDimension(given), rank, given);
  } catch (error) {
    if (error instanceof OptionError && error.code === 'projector/no-theory') return null;
    throw error;
  }
}

/**
 * How often to draw: once where the theory says that all draws of a projector that looks at gradients lose the same and
 * that it goes by nothing but the gradient, as `svd` does; else as often as is asked for.
 * @param theory of the gradient that the projection is made of
 */
export function drawsNeeded(projector: Projector, theory: Theory | null, trials: number): number {
  const settled = projector.fixed || (projector.refresh && theory?.gain === null && theory.relativeMseVariance === 0);
  return settled ? 1 : trials;
}
