import type { Key } from '../../base/key';
import { philox } from '../../base/philox';
import { fromArray } from '../../tensor/ops/create';
import { type GradientValues, squaredNorms, type Theory } from '../theory/theory';
import type { Selection } from './selection-maps';

/**
 * `rank` coordinates drawn with replacement, coordinate j with chance q_j, each weighted 1/√(r·q_j): S is diagonal with
 * S_jj = count_j/(r·q_j), so E[S] = I for every q that is positive where the gradient is not zero.
 * `chances` are proportional to q and need not add up to 1.
 */
export function drawCoordinates(key: Key, rank: number, chances: ArrayLike<number>): Drawn {
  const cumulative = new Float64Array(chances.length);
  let total = 0;
  for (let j = 0; j < chances.length; j++) cumulative[j] = total += chances[j] as number;
  const ids = Int32Array.from({ length: rank }, (_, l) => firstAbove(cumulative, unitInterval(key, l) * total));
  const weights = Float32Array.from(ids, (j) => 1 / Math.sqrt((rank * (chances[j] as number)) / total));
  return { ids, weights };
}

/** A selection as plain numbers. */
export interface Drawn {
  readonly ids: Int32Array<ArrayBuffer>;
  readonly weights: Float32Array<ArrayBuffer>;
}

export function asSelection({ ids, weights }: Drawn): Selection {
  return { ids: fromArray(ids, [ids.length]), weights: fromArray(weights, [weights.length]) };
}

/** The first coordinate whose cumulative chance exceeds t; never one of chance 0. */
function firstAbove(cumulative: Float64Array, t: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] as number) > t) high = middle;
    else low = middle + 1;
  }
  return low;
}

const words = new Uint32Array(4);
const choiceStream = 3; // apart from the streams of distributions and permutations

/** Number `index` of a stream of numbers in [0, 1) with 53 random bits: below 1 even after a product with `total`. */
function unitInterval(key: Key, index: number): number {
  philox(key, index, 0, 0, choiceStream, words);
  return ((words[0] as number) * 2 ** 21 + ((words[1] as number) >>> 11)) * 2 ** -53;
}

/**
 * The theory of draws with these chances for one gradient with rows or columns g_j and p_j = ‖g_j‖²/‖G‖²:
 * relative squared error (Σ p_j/q_j − 1)/r, and with K_jj = ⟨g_j, w_j⟩ a reading has variance (Σ K_jj²/q_j − (ΣK_jj)²)/r.
 *
 * The error is Σ p_j·X_j with X_j = (count_j/(r·q_j) − 1)² and count_j binomial; by Minkowski its standard deviation is at
 * most Σ p_j·sd(X_j), and Var X_j = (μ₄ − μ₂²)/(r·q_j)⁴ with the central moments of the binomial.
 */
export function drawnCoordinatesTheory(gradient: GradientValues, rank: number, chances: ArrayLike<number>): Theory {
  const norms = squaredNorms(gradient);
  const square = norms.reduce((a, b) => a + b, 0);
  const total = Array.from(chances).reduce((a, b) => a + b, 0);
  const q = Array.from(chances, (chance) => chance / total);
  let [mse, deviation] = [-1, 0];
  norms.forEach((norm, j) => {
    if (norm === 0) return; // such a coordinate adds nothing, whatever its chance
    const p = norm / square;
    mse += p / (q[j] as number);
    deviation += p * Math.sqrt(errorVariance(rank, q[j] as number));
  });
  return {
    gain: 1,
    relativeMse: Math.max(0, mse) / rank,
    relativeMseVariance: deviation ** 2,
    readingVariance(g, w) {
      const diagonal = products(g, w);
      let [weighted, trace] = [0, 0];
      diagonal.forEach((k, j) => {
        if (k === 0) return;
        weighted += k ** 2 / (q[j] as number);
        trace += k;
      });
      return Math.max(0, weighted - trace ** 2) / rank;
    },
  };
}

/** Var (count/(r·q) − 1)² for a binomial count of r trials with chance q. */
export function errorVariance(rank: number, q: number): number {
  const spread = rank * q * (1 - q);
  const fourth = spread * (1 + 3 * (rank - 2) * q * (1 - q));
  return (fourth - spread ** 2) / (rank * q) ** 4;
}

/** ⟨g_j, w_j⟩ for each row (left) or column (right). */
function products({ values, shape: [n, m], side }: GradientValues, w: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(side === 'left' ? n : m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      (sums[side === 'left' ? i : j] as number) += (values[i * m + j] as number) * (w[i * m + j] as number);
    }
  }
  return sums;
}
