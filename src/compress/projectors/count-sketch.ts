import { fillRow } from '../../base/distribution';
import { fold, foldNumber } from '../../base/key';
import { type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { fromArray } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather, scatterAdd } from '../../tensor/ops/movement/gather';
import { shuffle } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { type KeyedProjection, keyed } from '../keyed';
import { lastMade } from '../maps/last-made';
import { rowMaps } from '../maps/row-maps';
import { compressedDimension, type Projector } from '../projector';
import { oneSided } from '../theory/theory';

/** One hash of the d coordinates: the bucket of each, and its sign over √c. */
interface Hash {
  readonly bucket: Int32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer>;
}

/**
 * Count-sketch, and OSNAP for more than one nonzero: each column of A has c = `nonzeros` entries ±1/√c in distinct rows
 * (default 1), columns independent. Unbiased, relative squared error (d − 1)/r for any c; with c above the rank, all rows
 * are used. Down and up cost c additions an entry of the gradient instead of r; up to rank 8(c + 1) a product with the
 * whole A takes less time, and takes their place.
 *
 * S_jj = 1, and S_ij is a sum of t signs over c, t hypergeometric with mean c²/r. Variance of the error of a unit vector x
 * with f = Σ x_j⁴: ((d − 2)f + 1)·(E[S_ij⁴] − 1/r²) + 2(1 − f)·((d − 2)/r² + (d − 2)(d − 3)/r³), which is linear in f.
 * @see Charikar, Chen and Farach-Colton, "Finding frequent items in data streams", 2002; Nelson and Nguyen, "OSNAP", 2013.
 */
export function countSketch(options: OptionsOf<typeof countSketchOptions> = {}): Projector<KeyedProjection> {
  if (arguments.length > 1) refuseExtra('projectors.countSketch', arguments, 1);
  const { nonzeros } = readOptions('projectors.countSketch', countSketchOptions, options);
  const hashes = lastMade((p: KeyedProjection) => drawHashes(p, nonzeros));
  return keyed(nonzeros === 1 ? 'countSketch' : 'osnap', {
    maps: rowMaps<KeyedProjection>({
      downRows: (p, x) => sum(hashes(p).map((hash) => scatterAdd(mul(x, weights(hash)), buckets(hash), p.rank))),
      upRows: (p, c) => sum(hashes(p).map((hash) => mul(gather(c, buckets(hash)), weights(hash)))),
      cross(from, to) {
        const cross = new Float32Array(from.rank * to.rank);
        const rows = hashes(from);
        for (const column of hashes(to)) for (const row of rows) addMeetings(cross, to.rank, row, column);
        return fromArray(cross, [from.rank, to.rank]);
      },
      whole: { upTo: 8 * (nonzeros + 1), matrix: (p) => matrix(p, hashes(p)) },
    }),
    theory(d, rank) {
      const c = Math.min(nonzeros, rank);
      const shared = c ** 2 / rank; // E[t]
      const pairs = rank > 1 ? (c * (c - 1)) ** 2 / (rank * (rank - 1)) : 0; // E[t(t − 1)]
      const fourth = (3 * pairs + shared) / c ** 4; // E[S_ij⁴], for E[(Σ signs)⁴ | t] = 3t² − 2t
      const own = fourth - 1 / rank ** 2;
      const cross = (d - 2) / rank ** 2 + ((d - 2) * (d - 3)) / rank ** 3;
      const varianceAt = (f: number): number => ((d - 2) * f + 1) * own + 2 * (1 - f) * cross;
      return oneSided({
        gain: 1,
        relativeMse: (d - 1) / rank,
        relativeMseVariance: d > 1 ? Math.max(varianceAt(1 / d), varianceAt(1)) : 0,
        varianceOf: ({ squares, diagonalSquares }) => Math.max(0, (2 * (squares - diagonalSquares)) / rank),
      });
    },
  });
}

const countSketchOptions = {
  /** c, entries of A that are not zero in each column (default 1). */
  nonzeros: optional(whole({ low: 1 }), 1),
};

function drawHashes(p: KeyedProjection, nonzeros: number): Hash[] {
  const d = compressedDimension(p);
  const count = Math.min(nonzeros, p.rank);
  const made = Array.from({ length: count }, (_, h): Hash => {
    const weight = new Float32Array(d);
    fillRow('rademacher', fold(p.key, 'signs'), h, 0, weight);
    for (let j = 0; j < d; j++) (weight[j] as number) /= Math.sqrt(count);
    return { bucket: new Int32Array(d), weight };
  });
  const [from, distinct] = [fold(p.key, 'rows'), new Int32Array(p.rank)];
  for (let j = 0; j < d; j++) {
    shuffle(distinct, foldNumber(from, j), count);
    for (let h = 0; h < count; h++) (made[h] as Hash).bucket[j] = distinct[h] as number;
  }
  return made;
}

/** A [r, d]. */
function matrix(p: KeyedProjection, hashes: readonly Hash[]): Tensor {
  const d = compressedDimension(p);
  const values = new Float32Array(p.rank * d);
  for (const { bucket, weight } of hashes) {
    for (let j = 0; j < d; j++) values[(bucket[j] as number) * d + j] = weight[j] as number; // the rows of a column differ
  }
  return fromArray(values, [p.rank, d]);
}

function buckets({ bucket }: Hash): Tensor {
  return fromArray(bucket, [bucket.length]);
}

/** The weights as a column [d, 1]. */
function weights({ weight }: Hash): Tensor {
  return fromArray(weight, [weight.length, 1]);
}

/** Add one hash times the transpose of another: each coordinate counts where its two buckets meet. */
function addMeetings(cross: Float32Array, width: number, row: Hash, column: Hash): void {
  for (let j = 0; j < row.bucket.length; j++) {
    const at = (row.bucket[j] as number) * width + (column.bucket[j] as number);
    (cross[at] as number) += (row.weight[j] as number) * (column.weight[j] as number);
  }
}

function sum(parts: readonly Tensor[]): Tensor {
  return parts.reduce((total, part) => add(total, part));
}
