import { OptionError, ShapeError } from '../../base/errors';
import { choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { show } from '../../base/shape';
import { checkTensor } from '../../tensor/check';
import type { Tensor } from '../../tensor/tensor';

export const twoNNOptions = {
  /**
   * `regression` (default): the slope of −ln(1 − F) over ln μ, through the origin, on the lowest `share` of the ratios.
   * `likelihood`: (N − 1)/Σ ln μ, of all of them.
   */
  method: optional(choice('regression', 'likelihood'), 'regression'),
  /** Share of the ratios that the regression looks at, the lowest ones (default 0.9). */
  share: optional(number({ low: Number.MIN_VALUE, high: 1 }), 0.9),
};

/** Which estimate. */
export interface TwoNNOptions extends OptionsOf<typeof twoNNOptions> {}

/**
 * The intrinsic dimension of a cloud of points by the distances to their two nearest neighbours: where the density hardly
 * varies over such distances, the ratio μ = d₂/d₁ has the distribution F(μ) = 1 − μ^(−dimension), whatever the density is.
 * Points that occur twice count once. The estimate is low, the more so the higher the dimension: 1500 points of a cube of
 * 2, 5 and 8 dimensions come to about 2.0, 4.7 and 6.8. Cost: N²·D/2 products, in float64 on the CPU.
 * Shapes: points [N, D].
 * @throws ShapeError `two-nn/points` for a tensor that is no matrix
 * @throws OptionError `two-nn/points` for fewer than three different points, or points whose ratios are all 1
 * @see Facco, d'Errico, Rodriguez and Laio, "Estimating the intrinsic dimension of datasets by a minimal neighborhood
 *   information", Scientific Reports 7, 2017.
 * @example
 * const plane = random.normal(random.key(0), [200, 2]).matmul(random.normal(random.key(1), [2, 10]));
 * console.log(Math.round(twoNN(plane))); // prints 2
 */
export function twoNN(points: Tensor, options: TwoNNOptions = {}): number {
  if (arguments.length > 2) refuseExtra('twoNN', arguments, 2);
  checkTensor('twoNN', points);
  const { method, share } = readOptions('twoNN', twoNNOptions, options, 'points');
  if (points.ndim !== 2) throw noMatrix(points);
  const rows = different(points);
  if (rows.length < 3) throw tooFew(`${rows.length} different points`);
  const logs = neighbourRatios(rows).sort((a, b) => a - b);
  const dimension = method === 'likelihood' ? likelihood(logs) : slope(logs, share);
  if (Number.isFinite(dimension)) return dimension;
  throw tooFew(`${rows.length} points, each with two nearest neighbours at the same distance`);
}

function likelihood(logs: readonly number[]): number {
  return (logs.length - 1) / logs.reduce((sum, x) => sum + x, 0);
}

/** The i-th of N ratios in order has F = i/N; equal ones take places side by side, in any order the same. */
function slope(logs: readonly number[], share: number): number {
  const count = logs.length;
  // The last ratio has F = 1, whose logarithm is not finite.
  const kept = logs.slice(0, Math.max(1, Math.min(count - 1, Math.floor(share * count))));
  const products = kept.reduce((sum, x, i) => sum - x * Math.log1p(-(i + 1) / count), 0);
  return products / kept.reduce((sum, x) => sum + x * x, 0);
}

/** The rows, each once. */
function different(points: Tensor): Float32Array[] {
  const [count, width] = points.shape as readonly [number, number];
  const values = points.dataSync() as Float32Array;
  const seen = new Map<string, Float32Array>();
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    seen.set(row.join(), row);
  }
  return [...seen.values()];
}

/** ln(d₂/d₁) of each point. */
function neighbourRatios(rows: readonly Float32Array[]): number[] {
  const first = new Float64Array(rows.length).fill(Number.POSITIVE_INFINITY);
  const second = new Float64Array(rows.length).fill(Number.POSITIVE_INFINITY);
  const see = (i: number, square: number): void => {
    if (square < (first[i] as number)) {
      second[i] = first[i] as number;
      first[i] = square;
    } else if (square < (second[i] as number)) second[i] = square;
  };
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < i; j++) {
      const square = squaredDistance(row, rows[j] as Float32Array);
      see(i, square);
      see(j, square);
    }
  }
  return Array.from(first, (nearest, i) => Math.log((second[i] as number) / nearest) / 2);
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += ((a[k] as number) - (b[k] as number)) ** 2;
  return sum;
}

function noMatrix({ shape }: Tensor): ShapeError {
  return new ShapeError({
    code: 'two-nn/points',
    got: `twoNN got points ${show(shape)}`,
    expected: 'points [N, D], a row each',
    fix: 'reshape hidden states [batch, time, width] to [batch·time, width]',
  });
}

function tooFew(what: string): OptionError {
  return new OptionError({
    code: 'two-nn/points',
    got: `twoNN got ${what}`,
    expected: 'at least three different points, some of them nearer to one neighbour than to the next',
    fix: 'pass more points, such as hidden states of more batches',
  });
}
