import { add } from '../tensor/ops/elementwise/add';
import { sub } from '../tensor/ops/elementwise/sub';
import type { Tensor } from '../tensor/tensor';
import { type CompressedLeaf, checkCombine, type Moves } from './combine';

/**
 * What an inner transform makes of the part of the gradient inside the subspace, and the part outside as it is:
 * up(N) + (G − up(C)), in one way up. With rows of A that are orthonormal, or coordinates without gain, the two parts are
 * orthogonal to each other; with the identity inside, the update is G for every projector. Refreshes come at steps 1, T,
 * 2·T, counted from 1, as in the published code of Subspace-Momentum.
 * @see "Subset-Norm and Subspace-Momentum", arXiv 2411.07120.
 */
export function liftPlusRest<P, S>(
  G: Tensor,
  leaf: CompressedLeaf<P, S>,
  moves: Moves<CompressedLeaf<P, S>>,
  _path?: string,
): [update: Tensor, leaf: CompressedLeaf<P, S>] {
  checkCombine('liftPlusRest', arguments);
  const { refresh, down, inner, up } = moves;
  leaf = refresh(leaf, { ahead: 1 });
  const C = down(leaf, G);
  const [N, next] = inner(leaf, C);
  return [add(G, up(next, sub(N, C))), next];
}
