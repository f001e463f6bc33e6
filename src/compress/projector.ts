import { OptionError, ShapeError } from '../base/errors';
import type { Key } from '../base/key';
import { type Shape, show } from '../base/shape';
import type { Tensor } from '../tensor/tensor';

/**
 * Which dimension of a gradient G [n, m] a projection A compresses.
 * - `right`: down(G) = G·Aᵀ [n, r], A [r, m], compresses m
 * - `left`:  down(G) = A·G [r, m], A [r, n], compresses n
 */
export type Side = 'left' | 'right';

/** What every projection of this library knows about itself. Plain data: A is a function of it and is not in it. */
export interface Projection {
  /** Which dimension it compresses. */
  readonly side: Side;
  /** Of the gradients that it projects. */
  readonly shape: readonly [n: number, m: number];
  /** Rows of A, r. */
  readonly rank: number;
}

/**
 * What a projector promises about S = AᵀA (d×d), the round trip down-then-up, over fresh draws. The property tests and
 * the study hold it to this.
 */
export interface Theory {
  /** E[S] = gain·I; 1 means unbiased. */
  readonly gain: number;
  /** E‖G·S − G‖²/‖G‖², the same for every G. */
  readonly relativeMse: number;
  /** Variance of that relative squared error for one draw: an upper bound over all G. */
  readonly relativeMseVariance: number;
  /** Exact variance of Σ K ⊙ S for a symmetric K [d, d]: how far one linear reading of the round trip scatters. */
  varianceOf(k: SymmetricMoments): number;
}

/** The three numbers of a symmetric matrix K that these variances depend on. */
export interface SymmetricMoments {
  /** Σ K_jj */
  readonly trace: number;
  /** Σ K_ij² */
  readonly squares: number;
  /** Σ K_jj² */
  readonly diagonalSquares: number;
}

/**
 * A family of random projections. Pure: a projection is plain data, and `down` and `up` are linear maps that depend on
 * nothing else.
 * @see methods: `docs/glossary.md`; Flora (Hao, Cao and Mou, ICML 2024), section 2.
 */
export interface Projector<P extends Projection = Projection> {
  /** For messages and tables. */
  readonly name: string;
  /** Which dimension it compresses for gradients of this shape. */
  side(shape: Shape): Side;
  /** A fresh draw for gradients of this shape; `refresh` counts the draws of one parameter, the key already depends on it. */
  sample(key: Key, shape: Shape, rank: number, refresh?: number): P;
  /** G [n, m] → C: [n, r] on the right, [r, m] on the left. */
  down(projection: P, gradient: Tensor): Tensor;
  /** C → [n, m], with the transpose of the same A. */
  up(projection: P, compressed: Tensor): Tensor;
  /** C under a new projection: down(new, up(old, C)), without forming the [n, m] matrix. */
  transfer(compressed: Tensor, from: P, to: P): Tensor;
  /** Floats of state that the projection itself needs: 0 when it is a function of its key. */
  storedFloats(shape: Shape, rank: number): number;
  /** For the compressed dimension d. */
  theory(d: number, rank: number): Theory;
}

/** Compress the smaller dimension, so that the state is rank·max(n, m) floats; a square is compressed on the right. */
export function smallerSide(shape: Shape): Side {
  const [n, m] = shape as readonly [number, number];
  return n < m ? 'left' : 'right';
}

/** The dimension that a projection compresses. */
export function compressedDimension({ side, shape: [n, m] }: Projection): number {
  return side === 'left' ? n : m;
}

/** [n, r] on the right, [r, m] on the left. */
export function compressedShape({ side, shape: [n, m], rank }: Projection): [number, number] {
  return side === 'right' ? [n, rank] : [rank, m];
}

/**
 * The plain data of a projection, checked.
 * @throws OptionError `projector/rank`
 * @throws ShapeError `projector/not-a-matrix`
 */
export function project(side: Side, shape: Shape, rank: number): Projection {
  const [n, m] = matrixShape(shape);
  const d = side === 'left' ? n : m;
  if (Number.isInteger(rank) && rank >= 1 && rank <= d) return { side, shape: [n, m], rank };
  throw new OptionError({
    code: 'projector/rank',
    got: `a projection of a [${n}, ${m}] gradient on the ${side} got rank ${rank}`,
    expected: `a whole number from 1 to ${d}, the dimension it compresses`,
    fix: 'lower the rank, or exclude this parameter with filter',
  });
}

function matrixShape(shape: Shape): readonly [number, number] {
  const [n, m] = shape;
  if (n !== undefined && m !== undefined && shape.length === 2) return [n, m];
  throw new ShapeError({
    code: 'projector/not-a-matrix',
    got: `a projection got a gradient ${show(shape)}`,
    expected: 'two axes',
    fix: 'reshape it to [out, rest], or leave it dense with filter',
  });
}

/** For entries that are independent with mean 0, variance 1/r and kurtosis κ: Var Σ K ⊙ S = (2·ΣK² + (κ − 3)·ΣK_jj²)/r. */
export function independentEntriesVariance(rank: number, kurtosis: number): Theory['varianceOf'] {
  return ({ squares, diagonalSquares }) => (2 * squares + (kurtosis - 3) * diagonalSquares) / rank;
}
