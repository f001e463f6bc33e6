import type { Projection, Projector, Side } from './projector';

/** A projector that compresses the same side whatever the shape: `right` is the paper's form. The rank stays at most min(n, m). */
export function fixedSide<P extends Projection>(projector: Projector<P>, side: Side): Projector<P> {
  return {
    ...projector,
    side: () => side,
    sample: (key, shape, rank, refresh) => ({ ...projector.sample(key, shape, rank, refresh), side }),
  };
}
