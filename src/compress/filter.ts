import type { Treatment } from '../optim/transform';
import type { Params, Tensor } from '../tensor/tensor';
import type { Projection, Projector } from './projector';

/** `true`, or the reason why this parameter stays dense. */
export type Filter = (path: string, tensor: Tensor) => true | string;

/**
 * Matrices that a projection of this rank can compress: two axes, the smaller one at least `rank`, and, to leave out
 * embeddings as flora-opt does, the larger one at most `maxAspect` times the smaller.
 */
export function matrixFilter({ rank, maxAspect = Infinity }: { rank: number; maxAspect?: number }): Filter {
  return (_, { shape }) => {
    if (shape.length !== 2) return 'not a matrix';
    const [small, large] = [...shape].sort((a, b) => a - b) as [number, number];
    if (small < rank) return `smaller dimension ${small} below the rank ${rank}`;
    if (large > maxAspect * small) return `aspect ratio ${(large / small).toFixed(1)} above ${maxAspect}`;
    return true;
  };
}

/** What a filter decides for each parameter, in the words of `explain`. */
export function treatments<P extends Projection>(
  params: Params,
  filter: Filter,
  projector: Projector<P>,
  rank: number,
): Treatment[] {
  return Object.entries(params).map(([path, tensor]) => {
    const verdict = filter(path, tensor);
    return verdict === true
      ? { path, compressed: true, side: projector.side(tensor.shape), rank, reason: projector.name }
      : { path, compressed: false, side: null, rank: null, reason: `dense: ${verdict}` };
  });
}
