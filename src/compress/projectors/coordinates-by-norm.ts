import type { TypedArray } from '../../base/dtype';
import type { Key } from '../../base/key';
import { choice, type OptionsOf, readOptions, refuseExtra, required } from '../../base/options';
import { onHost } from '../../tensor/linalg/on-host';
import type { Tensor } from '../../tensor/tensor';
import { checkedProjector } from '../checked-projector';
import { asSelection, type Drawn, drawCoordinates, drawnCoordinatesTheory } from '../maps/sampled-coordinates';
import { type SelectedProjection, selectionMaps } from '../maps/selection-maps';
import { compressedDimension, needGradient, type Projector, project, smallerSide } from '../projector';
import { squaredNorms } from '../theory/theory';

const byNormOptions = {
  /** What a chance is proportional to. */
  of: required(choice('norm', 'squaredNorm')),
};

/**
 * Importance sampling of rows (left) or columns (right) g_j, with replacement, by the gradient at hand. Unbiased for that
 * gradient; for another one only where it has no row that this one lacks.
 * - `norm`, q_j ∝ ‖g_j‖: the least error of all chances, ((Σ‖g_j‖)² − ‖G‖²)/(r‖G‖²)
 * - `squaredNorm`, q_j ∝ ‖g_j‖²: (d₊ − 1)/r, with d₊ the number of nonzero ones
 *
 * The ids and weights are stored, 2·r numbers. Before the first gradient the draws are uniform.
 */
export function coordinatesByNorm(options: OptionsOf<typeof byNormOptions>): Projector<SelectedProjection> {
  if (arguments.length > 1) refuseExtra('projectors.coordinatesByNorm', arguments, 1);
  const { of } = readOptions('projectors.coordinatesByNorm', byNormOptions, options);
  const name = of === 'norm' ? 'coordinatesByNorm' : 'coordinatesBySquaredNorm';
  const chancesOf = (squares: Float64Array): Float64Array => (of === 'norm' ? squares.map(Math.sqrt) : squares);
  const uniform = (key: Key, d: number, rank: number): Drawn => drawCoordinates(key, rank, new Float64Array(d).fill(1));
  return checkedProjector({
    name,
    side: smallerSide,
    sample(key, shape, rank) {
      const projection = project(this.side(shape), shape, rank);
      return { ...projection, ...asSelection(uniform(key, compressedDimension(projection), rank)) };
    },
    refresh(p, gradient, { key }) {
      const [ids, weights] = onHost(name, [gradient], [[p.rank], [p.rank]], ([values]) => {
        const squares = squaredNorms({ values: values as TypedArray, shape: p.shape, side: p.side });
        const nothing = squares.every((square) => square === 0);
        const drawn = nothing ? uniform(key, squares.length, p.rank) : drawCoordinates(key, p.rank, chancesOf(squares));
        return [drawn.ids, drawn.weights];
      });
      return { ...p, ids: ids as Tensor, weights: weights as Tensor };
    },
    ...selectionMaps((p: SelectedProjection) => p),
    storedFloats: (_, rank) => 2 * rank,
    theory(_, rank, given) {
      const gradient = needGradient(name, given);
      return drawnCoordinatesTheory(gradient, rank, chancesOf(squaredNorms(gradient)));
    },
  });
}
