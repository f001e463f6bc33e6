import type { Key } from '../../base/key';
import { randomizedSvd, usualWidth } from '../../tensor/linalg/randomized-svd';
import { decompose, svd as exactSvd, type SVD } from '../../tensor/linalg/svd';
import { fromArray } from '../../tensor/ops/create';
import { transpose } from '../../tensor/ops/movement/transpose';
import type { Tensor } from '../../tensor/tensor';
import { checkedProjector } from '../checked-projector';
import { matrixMaps } from '../maps/matrix-maps';
import { orthonormalRows } from '../maps/orthonormal-rows';
import { compressedDimension, needGradient, type Projection, project, smallerSide } from '../projector';
import { lostShare } from '../theory/theory';

/** A projection that holds its A [r, d]. */
export interface StoredProjection extends Projection {
  /** A, orthonormal rows. */
  readonly matrix: Tensor;
}

// Apart, since a bundler keeps every definition that has a spread.
const maps = /* @__PURE__ */ matrixMaps((p: StoredProjection) => p.matrix);

/**
 * The r leading singular vectors of the gradient, as in GaLore. Of all rank-r matrices up(down(G)) is the nearest to G,
 * with the squared error Σ_{i>r} σ_i² / Σ σ_i²; biased, since what it drops is always the same. Between refreshes it is
 * the projection of an older gradient, see `svdOf`. A is stored, r·d floats; before the first gradient its rows are random.
 *
 * Where both extents are above 256, and the rank is below a quarter of them, the vectors come from `linalg.randomizedSvd`
 * with the key of the refresh, and the error is a little above that: by a few percent of what they hold of pure noise, and
 * by less than 1e-4 of it where singular values fall as 1/i.
 * @see Zhao et al., "GaLore", ICML 2024, for its use; Eckart and Young (1936) for the error.
 */
export const svd = /* @__PURE__ */ checkedProjector<StoredProjection>({
  name: 'svd',
  side: smallerSide,
  sample(key, shape, rank) {
    const projection = project(this.side(shape), shape, rank);
    const d = compressedDimension(projection);
    return { ...projection, matrix: fromArray(Float32Array.from(orthonormalRows(key, rank, d)), [rank, d]) };
  },
  refresh: (p, gradient, { key }) => ({ ...p, matrix: vectorsForRefresh(p, gradient, key) }),
  down: (p, gradient) => maps.down(p, gradient),
  up: (p, compressed) => maps.up(p, compressed),
  transfer: (compressed, from, to) => maps.transfer(compressed, from, to),
  storedFloats(shape, rank) {
    const [n, m] = shape as readonly [number, number];
    return rank * compressedDimension({ side: this.side(shape), shape: [n, m] });
  },
  theory(_, rank, given) {
    const { values, shape } = needGradient('svd', given);
    const { lengths } = decompose(Float32Array.from(values), shape, Math.min(...shape));
    const squares = lengths.map((length) => length ** 2);
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    return { gain: null, relativeMse: lostShare(sum(squares.slice(rank)), sum(squares)), relativeMseVariance: 0 };
  },
});

/**
 * The largest min(n, m) with an exact SVD at every rank. The exact one grows as its cube: for rank 32 of 256×256 it took
 * 0.26 s and the randomized one 0.12 s, of 512×512 3.8 and 0.45 s, of 1024×1024 26 and 1.0 s, on one core.
 */
export const exactSvdUpTo = 256;

/** The same as `leadingVectors`, nearly, where that would take long. */
function vectorsForRefresh(projection: Projection, gradient: Tensor, key: Key): Tensor {
  const { rank, shape } = projection;
  const smaller = Math.min(...shape);
  // The work on `width` columns is less than that on all of them up to about half.
  const exact = smaller <= exactSvdUpTo || usualWidth(rank, smaller) > smaller / 2;
  return exact ? leadingVectors(projection, gradient) : onSide(projection, randomizedSvd(gradient, { rank, key }));
}

/** The leading singular vectors on the side that is compressed, as rows [r, d]. */
export function leadingVectors(projection: Projection, gradient: Tensor): Tensor {
  return onSide(projection, exactSvd(gradient, { rank: projection.rank }));
}

function onSide({ side }: Projection, { u, vt }: SVD): Tensor {
  return side === 'left' ? transpose(u) : vt;
}
