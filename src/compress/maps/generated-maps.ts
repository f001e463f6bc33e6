import type { RandomMatrix } from '../../backend/contract';
import type { Distribution } from '../../base/distribution';
import { randomCross, randomTimes, timesRandom } from '../../tensor/ops/products/matmul-random';
import type { KeyedProjection } from '../keyed';
import { compressedDimension } from '../projector';
import { type LinearMaps, linearMaps } from './linear-maps';

/**
 * The linear maps of a projector with independent entries of standard deviation √(gain/rank), which come out of the key
 * inside every product: A never exists. Down and up allocate their result alone, a transfer the r×r product of both A
 * besides. `gain` is that of E[AᵀA] = gain·I (default 1: unbiased, since then E[G·AᵀA] = G).
 */
/* @__NO_SIDE_EFFECTS__ */
export function generatedMaps(
  entries: Distribution,
  gain: (d: number, rank: number) => number = () => 1,
): LinearMaps<KeyedProjection> {
  const sparsity = typeof entries === 'object' ? entries.sparsity : 1; // entries have the variance 1/sparsity
  const matrix = (p: KeyedProjection): RandomMatrix => ({
    kind: entries,
    key: p.key,
    rows: p.rank,
    columns: compressedDimension(p),
    scale: Math.sqrt((gain(compressedDimension(p), p.rank) * sparsity) / p.rank),
  });
  return linearMaps({
    times: (p, x, way) =>
      p.side === 'right'
        ? timesRandom(x, matrix(p), { transpose: way === 'down' })
        : randomTimes(matrix(p), x, { transpose: way === 'up' }),
    cross: (from, to) => randomCross(matrix(from), matrix(to)),
  });
}
