import { ShapeError } from '../../base/errors';
import { refuseExtra } from '../../base/options';
import { sameShape, show } from '../../base/shape';
import { checkTensor } from '../../tensor/check';
import type { Tensor } from '../../tensor/tensor';
import { checkedProjector } from '../checked-projector';
import { matrixMaps } from '../maps/matrix-maps';
import { compressedDimension, matrixShape, needGradient, type Projector, project, smallerSide } from '../projector';
import { lostShare } from '../theory/theory';
import { leadingVectors, type StoredProjection, svd } from './svd';

/**
 * The r leading singular vectors of an older gradient, for gradients to come: what `svd` is between two refreshes, to
 * study how fast a subspace goes stale. With orthonormal rows in A the squared error is 1 − ‖G·Aᵀ‖²/‖G‖². Not random.
 * Shapes: older [n, m], as the gradients.
 * @throws ShapeError `projector/older-shape`
 */
export function svdOf(older: Tensor): Projector<StoredProjection> {
  if (arguments.length > 1) refuseExtra('projectors.svdOf', arguments, 1);
  checkTensor('projectors.svdOf', older);
  matrixShape('projectors.svdOf', older.shape);
  return checkedProjector({
    name: 'svdOf',
    fixed: true,
    side: smallerSide,
    sample(_, shape, rank) {
      if (!sameShape(shape, older.shape)) throw otherShape(shape, older.shape);
      const projection = project(this.side(shape), shape, rank);
      return { ...projection, matrix: leadingVectors(projection, older) };
    },
    ...matrixMaps((p: StoredProjection) => p.matrix),
    storedFloats: svd.storedFloats,
    theory(_, rank, given) {
      const { values, shape, side } = needGradient('svdOf', given);
      const [n, m] = shape;
      const a = leadingVectors({ side, shape, rank }, older).dataSync();
      const d = compressedDimension({ side, shape });
      let [kept, square] = [0, 0];
      for (let i = 0; i < n * m; i++) square += (values[i] as number) ** 2;
      for (let row = 0; row < rank; row++) {
        for (let other = 0; other < (n * m) / d; other++) {
          let sum = 0;
          for (let j = 0; j < d; j++) {
            const at = side === 'left' ? j * m + other : other * m + j;
            sum += (values[at] as number) * (a[row * d + j] as number);
          }
          kept += sum ** 2;
        }
      }
      return { gain: null, relativeMse: lostShare(square - kept, square), relativeMseVariance: 0 };
    },
  });
}

function otherShape(shape: readonly number[], older: readonly number[]): ShapeError {
  return new ShapeError({
    code: 'projector/older-shape',
    got: `svdOf.sample got a gradient ${show(shape)} for an older one ${show(older)}`,
    expected: 'the same shape',
    fix: 'make one projector for each shape',
  });
}
