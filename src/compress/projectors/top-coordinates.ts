import type { TypedArray } from '../../base/dtype';
import { onHost } from '../../tensor/linalg/on-host';
import { fromArray, ones } from '../../tensor/ops/create';
import { permute } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { checkedProjector } from '../checked-projector';
import { type SelectedProjection, selectionMaps } from '../maps/selection-maps';
import { compressedDimension, needGradient, project, smallerSide } from '../projector';
import { lostShare, squaredNorms } from '../theory/theory';

// Apart, since a bundler keeps every definition that has a spread.
const maps = /* @__PURE__ */ selectionMaps((p: SelectedProjection) => p);

/**
 * The r rows (left) or columns (right) of the gradient with the largest norms, as they are. Biased: what is dropped is
 * lost, Σ_dropped ‖g_j‖²/‖G‖². The ids are stored, with their weights of 1, 2·r numbers. Before the first gradient the
 * choice is random.
 */
export const topCoordinates = /* @__PURE__ */ checkedProjector<SelectedProjection>({
  name: 'topCoordinates',
  side: smallerSide,
  sample(key, shape, rank) {
    const projection = project(this.side(shape), shape, rank);
    const ids = permute(key, compressedDimension(projection), rank).slice();
    return { ...projection, ids: fromArray(ids, [rank]), weights: ones([rank]) };
  },
  refresh(p, gradient) {
    const choose = ([values]: readonly TypedArray[]): [Int32Array] => {
      const squares = squaredNorms({ values: values as TypedArray, shape: p.shape, side: p.side });
      return [Int32Array.from(largestFirst(squares).slice(0, p.rank))];
    };
    const [ids] = onHost('topCoordinates', [gradient], [[p.rank]], choose, 'int32');
    return { ...p, ids: ids as Tensor };
  },
  down: (p, gradient) => maps.down(p, gradient),
  up: (p, compressed) => maps.up(p, compressed),
  transfer: (compressed, from, to) => maps.transfer(compressed, from, to),
  storedFloats: (_, rank) => 2 * rank,
  theory(_, rank, given) {
    const squares = squaredNorms(needGradient('topCoordinates', given));
    const sum = (ids: number[]): number => ids.reduce((total, j) => total + (squares[j] as number), 0);
    const order = largestFirst(squares);
    return { gain: null, relativeMse: lostShare(sum(order.slice(rank)), sum(order)), relativeMseVariance: 0 };
  },
});

/** Positions by falling value; of equal ones the first comes first. */
function largestFirst(values: Float64Array): number[] {
  return Array.from(values.keys()).sort((i, j) => (values[j] as number) - (values[i] as number) || i - j);
}
