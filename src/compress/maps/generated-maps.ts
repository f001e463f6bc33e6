import type { RandomMatrix } from '../../backend/contract';
import type { Distribution } from '../../base/distribution';
import type { Key } from '../../base/key';
import { matmul } from '../../tensor/ops/products/matmul';
import { randomCross, randomTimes, timesRandom } from '../../tensor/ops/products/matmul-random';
import { checkedProjector } from '../checked-projector';
import { compressedDimension, type Projection, type Projector, project, smallerSide } from '../projector';
import type { Theory } from '../theory/theory';

/** A projection whose A is generated from its key inside every product. */
export interface GeneratedProjection extends Projection {
  /** What the entries are a function of. */
  readonly key: Key;
}

/**
 * A projector with independent entries of standard deviation √(gain/rank). Nothing is stored but the key, and A never
 * exists: down and up allocate their result alone, a transfer the r×r product of both A besides.
 */
/* @__NO_SIDE_EFFECTS__ */
export function generatedProjector(options: {
  readonly name: string;
  readonly entries: Distribution;
  /** E[S] = gain·I (default 1). */
  readonly gain?: (d: number, rank: number) => number;
  readonly theory: (d: number, rank: number) => Theory;
}): Projector<GeneratedProjection> {
  const { name, entries, gain = () => 1, theory } = options;
  return checkedProjector({
    name,
    side: smallerSide,
    sample(key, shape, rank) {
      return { ...project(this.side(shape), shape, rank), key };
    },
    ...generatedMaps(entries, gain),
    storedFloats: () => 0,
    theory,
  });
}

/** Its linear maps alone: `down` also of an operand with another number of columns (left) or rows (right). */
/* @__NO_SIDE_EFFECTS__ */
export function generatedMaps(
  entries: Distribution,
  gain: (d: number, rank: number) => number = () => 1,
): Pick<Projector<GeneratedProjection>, 'down' | 'up' | 'transfer'> {
  const sparsity = typeof entries === 'object' ? entries.sparsity : 1; // entries have the variance 1/sparsity
  const matrix = (p: GeneratedProjection): RandomMatrix => ({
    kind: entries,
    key: p.key,
    rows: p.rank,
    columns: compressedDimension(p),
    scale: Math.sqrt((gain(compressedDimension(p), p.rank) * sparsity) / p.rank),
  });
  return {
    down: (p, g) =>
      p.side === 'right'
        ? timesRandom(g, matrix(p), { transpose: true }) // [n, m]·[m, r]
        : randomTimes(matrix(p), g), //                     [r, n]·[n, m]
    up: (p, c) =>
      p.side === 'right'
        ? timesRandom(c, matrix(p)) //                           [n, r]·[r, m]
        : randomTimes(matrix(p), c, { transpose: true }), //     [n, r]·[r, m]
    transfer(c, from, to) {
      const cross = randomCross(matrix(from), matrix(to)); // A_old·A_newᵀ [r, r']
      return from.side === 'right' ? matmul(c, cross) : matmul(cross, c, { transposeA: true });
    },
  };
}
