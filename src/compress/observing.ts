import type { CompressedGradient } from '../optim/transform';
import type { CompressedLeaf, Moves } from './combine';
import type { Projection } from './projector';

/** The same moves, which show all that goes down, by the projection that takes it there. */
export function observing<P extends Projection, S, O>(
  moves: Moves<CompressedLeaf<P, S, O>>,
  at: Pick<CompressedGradient, 'path' | 'step' | 'projector'>,
  see: (compressed: CompressedGradient) => void,
): Moves<CompressedLeaf<P, S, O>> {
  return {
    ...moves,
    down(leaf, gradient) {
      const compressed = moves.down(leaf, gradient);
      const { refreshes, projection } = leaf;
      const { side, rank } = projection;
      const maps = { down: (x: typeof gradient) => moves.down(leaf, x), up: (c: typeof gradient) => moves.up(leaf, c) };
      see({ ...at, side, rank, refreshes, gradient, compressed, ...maps });
      return compressed;
    },
  };
}
