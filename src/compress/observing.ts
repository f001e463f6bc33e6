import type { CompressedGradient } from '../optim/transform';
import type { Tensor } from '../tensor/tensor';
import type { Combine, CompressedLeaf, Moves } from './combine';
import type { Projection } from './projector';

/** The same combine, which shows all that goes down, by the projection that takes it there. */
export function observing<S, O>(
  combine: Combine<S, O>,
  projector: string,
  step: () => number,
  see: (compressed: CompressedGradient) => void,
): Combine<S, O> {
  const { init } = combine;
  const seeing = <P extends Projection>(
    given: Tensor,
    before: CompressedLeaf<P, S, O>,
    moves: Moves<CompressedLeaf<P, S, O>>,
    path: string,
  ): [update: Tensor, leaf: CompressedLeaf<P, S, O>] => {
    const down = (leaf: CompressedLeaf<P, S, O>, gradient: Tensor): Tensor => {
      const compressed = moves.down(leaf, gradient);
      const { refreshes, projection } = leaf;
      const { side, rank } = projection;
      const maps = { down: (x: Tensor) => moves.down(leaf, x), up: (c: Tensor) => moves.up(leaf, c) };
      see({ path, step: step(), projector, side, rank, refreshes, gradient, compressed, ...maps });
      return compressed;
    };
    return combine(given, before, { ...moves, down }, path);
  };
  return init ? Object.assign(seeing, { init }) : seeing;
}
