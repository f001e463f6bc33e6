import { fold, key } from '../base/key';
import { stridesOf } from '../base/shape';
import type { Projection, Projector, SymmetricMoments } from '../compress/projector';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

/** Readings of Ĝ = up(down(G)) for one fixed gradient under fresh draws, one entry a draw. */
export interface RoundTrips {
  /** ‖Ĝ − G‖²/‖G‖² */
  readonly squaredError: Float64Array;
  /** ⟨Ĝ, W⟩/‖G‖ for each unit direction W; its mean shall be gain·⟨G, W⟩/‖G‖. */
  readonly readings: readonly Float64Array[];
  /** cos(Ĝ, G) */
  readonly cosine: Float64Array;
}

/**
 * Project a gradient down and up again `trials` times, each time under a new key.
 * Shapes: gradient [n, m], directions [n, m] each, of norm 1.
 */
export async function roundTrips<P extends Projection>(
  projector: Projector<P>,
  options: { gradient: Tensor; rank: number; trials: number; seed: number; directions: readonly Float32Array[] },
): Promise<RoundTrips> {
  const { gradient, rank, trials, seed, directions } = options;
  const g = await gradient.data();
  const norm = Math.sqrt(inner(g, g));
  const result = {
    squaredError: new Float64Array(trials),
    readings: directions.map(() => new Float64Array(trials)),
    cosine: new Float64Array(trials),
  };
  for (let trial = 0; trial < trials; trial++) {
    const projection = projector.sample(fold(key(seed), 'trial', trial), gradient.shape, rank, trial);
    const lifted = await scope(() => projector.up(projection, projector.down(projection, gradient))).data();
    const dot = inner(lifted, g);
    const square = inner(lifted, lifted);
    result.squaredError[trial] = (square - 2 * dot) / norm ** 2 + 1;
    result.cosine[trial] = square === 0 ? 0 : dot / Math.sqrt(square) / norm;
    directions.forEach((direction, i) => {
      (result.readings[i] as Float64Array)[trial] = inner(lifted, direction) / norm;
    });
  }
  return result;
}

/**
 * What the variance of a reading depends on: ⟨G·S, W⟩ = Σ K ⊙ S with K the symmetric part of GᵀW on the right and of
 * W·Gᵀ on the left, for G and W of norm 1.
 */
export function readingMoments(
  g: ArrayLike<number>,
  w: ArrayLike<number>,
  { side, shape }: Projection,
): SymmetricMoments {
  const norm = Math.sqrt(inner(g, g));
  const [n, m] = shape;
  const [d, other] = side === 'right' ? [m, n] : [n, m];
  const [rowStride, columnStride] = stridesOf(shape) as [number, number];
  const [along, across] = side === 'right' ? [columnStride, rowStride] : [rowStride, columnStride];
  const entry = (i: number, j: number): number => {
    let sum = 0;
    for (let l = 0; l < other; l++) {
      sum += (g[i * along + l * across] as number) * (w[j * along + l * across] as number);
    }
    return sum / norm;
  };
  let [trace, squares, diagonalSquares] = [0, 0, 0];
  for (let i = 0; i < d; i++) {
    trace += entry(i, i);
    diagonalSquares += entry(i, i) ** 2;
    for (let j = 0; j < d; j++) squares += ((entry(i, j) + entry(j, i)) / 2) ** 2;
  }
  return { trace, squares, diagonalSquares };
}

/** Σ a ⊙ b in float64. */
export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Scaled to norm 1. */
export function unit(values: ArrayLike<number>): Float32Array {
  const norm = Math.sqrt(inner(values, values));
  return Float32Array.from(values, (x) => x / norm);
}
