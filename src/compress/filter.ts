import { number, optional, readOptions, refuseExtra, required } from '../base/options';
import type { Filter } from '../optim/filter';
import type { Treatment } from '../optim/transform';
import type { Params, Tensor } from '../tensor/tensor';
import { type LeafRule, rankKind, rankOf, unseen } from './leaf-rules';
import type { Projection, Projector } from './projector';

const matrixFilterOptions = {
  rank: required(rankKind),
  maxAspect: optional(number({ low: 1, high: Infinity }), Infinity),
};

/**
 * Matrices that a projection of this rank can compress: two axes, the smaller one at least `rank`, and, to leave out
 * embeddings as flora-opt does, the larger one at most `maxAspect` times the smaller.
 */
export function matrixFilter(options: { readonly rank: number | LeafRule; readonly maxAspect?: number }): Filter {
  if (arguments.length > 1) refuseExtra('matrixFilter', arguments, 1);
  const { rank: given, maxAspect } = readOptions('matrixFilter', matrixFilterOptions, options);
  return (path, { shape }) => {
    if (shape.length !== 2) return 'not a matrix';
    const rank = rankOf(given, path, 0, unseen(shape));
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
  rankOf: (path: string, tensor: Tensor) => number,
): Treatment[] {
  return Object.entries(params).map(([path, tensor]) => {
    const verdict = filter(path, tensor);
    return verdict === true
      ? {
          path,
          compressed: true,
          side: projector.side(tensor.shape),
          rank: rankOf(path, tensor),
          reason: projector.name,
        }
      : { path, compressed: false, side: null, rank: null, reason: `dense: ${verdict}` };
  });
}
