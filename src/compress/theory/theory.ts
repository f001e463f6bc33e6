import {
  callable,
  either,
  type Kind,
  kindOf,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
} from '../../base/options';
import { shapeKind, sizeOf, stridesOf } from '../../base/shape';
import type { Side } from '../side';

/** A gradient [n, m] as plain numbers, row-major, with the side that a projection compresses. */
export interface GradientValues {
  /** Row-major. */
  readonly values: ArrayLike<number>;
  /** [n, m]. */
  readonly shape: readonly [n: number, m: number];
  /** Which dimension is compressed. */
  readonly side: Side;
}

/** A gradient as plain numbers, of as many values as its shape says. */
export const gradientValuesKind: Kind<GradientValues> = kindOf(
  "an object { values, shape: [n, m], side: 'left', 'right' or 'both' } with n·m values",
  (value) => {
    const { values, shape, side } = (value ?? {}) as Readonly<Record<string, unknown>>;
    const fits = shapeKind.fits(shape) && shape.length === 2 && ['left', 'right', 'both'].includes(side as string);
    return fits && (values as ArrayLike<number> | undefined)?.length === sizeOf(shape);
  },
);

/**
 * What a projector promises about Ĝ = up(down(G)) over fresh draws, for a fixed G. `checkProjector` and the study hold
 * it to this. The variances give those tests a proven level; a projector may leave one out, and the verdict then says
 * that its level is approximate.
 */
export interface Theory {
  /** E[Ĝ] = gain·G; 1 means unbiased. `null` where Ĝ depends on G in another way, as for the leading singular vectors. */
  readonly gain: number | null;
  /** E‖Ĝ − G‖²/‖G‖² */
  readonly relativeMse: number;
  /** Variance of ‖Ĝ − G‖²/‖G‖² for one draw, or an upper bound. */
  readonly relativeMseVariance?: number;
  /** Variance of ⟨Ĝ, W⟩, or an upper bound: how far one linear reading of the round trip scatters. W is row-major [n, m]. */
  readingVariance?(gradient: GradientValues, w: ArrayLike<number>): number;
  /** The largest such variance over all G and W of norm 1, or an upper bound. */
  readonly largestReadingVariance?: number;
}

/** The three numbers of a symmetric matrix K that variances of ΣK⊙S depend on. */
export interface SymmetricMoments {
  /** Σ K_jj */
  readonly trace: number;
  /** Σ K_ij² */
  readonly squares: number;
  /** Σ K_jj² */
  readonly diagonalSquares: number;
}

/** What is promised of a projection of one side, with the variance of Σ K ⊙ S. */
export interface OneSidedPromises extends Omit<Theory, 'readingVariance' | 'largestReadingVariance'> {
  /** The variance of Σ K ⊙ S, from three numbers of K. */
  varianceOf(k: SymmetricMoments): number;
}

const promise = number({ low: -Infinity, high: Infinity }); // what cannot be told may be infinite, never NaN

const oneSidedOptions = {
  gain: required(
    either(
      promise,
      kindOf<null>('null', (value) => value === null),
    ),
  ),
  relativeMse: required(promise),
  relativeMseVariance: optional(promise),
  varianceOf: required(callable<OneSidedPromises['varianceOf']>('of the moments of K')),
} satisfies SpecificationOf<OneSidedPromises>;

/**
 * The theory of a projection of one side, up(down(G)) = G·S or S·G with S = AᵀA [d, d], from the variance of Σ K ⊙ S:
 * ⟨G·S, W⟩ = Σ K ⊙ S with K the symmetric part of GᵀW, and of W·Gᵀ on the left.
 */
export function oneSided(options: OneSidedPromises): Theory {
  if (arguments.length > 1) refuseExtra('oneSided', arguments, 1);
  const { varianceOf, ...promises } = readOptionsOf<OneSidedPromises, typeof oneSidedOptions>(
    'oneSided',
    oneSidedOptions,
    options,
  );
  // ‖K‖ ≤ ‖G‖·‖W‖ = 1, a trace only lowers the variance, and between these two it is linear.
  const extremes = [0, 1].map((diagonalSquares) => varianceOf({ trace: 0, squares: 1, diagonalSquares }));
  return {
    ...promises,
    readingVariance: (gradient, w) => varianceOf(readingMoments(gradient, w)),
    largestReadingVariance: Math.max(...extremes),
  };
}

/** The moments of K, the symmetric part of GᵀW on the right and of W·Gᵀ on the left. */
export function readingMoments(gradient: GradientValues, w: ArrayLike<number>): SymmetricMoments {
  const k = symmetricProduct(gradient, w);
  const d = Math.sqrt(k.length);
  let [trace, squares, diagonalSquares] = [0, 0, 0];
  for (let i = 0; i < d; i++) {
    trace += k[i * d + i] as number;
    diagonalSquares += (k[i * d + i] as number) ** 2;
    for (let j = 0; j < d; j++) squares += (k[i * d + j] as number) ** 2;
  }
  return { trace, squares, diagonalSquares };
}

/** K [d, d], row-major: cost 2·d²·(n·m/d) flops in float64. */
function symmetricProduct({ values, shape, side }: GradientValues, w: ArrayLike<number>): Float64Array {
  const [d, other] = side === 'left' ? shape : [shape[1], shape[0]];
  const [rowStride, columnStride] = stridesOf(shape) as [number, number];
  const [along, across] = side === 'left' ? [rowStride, columnStride] : [columnStride, rowStride];
  const k = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let l = 0; l < other; l++) {
        sum += (values[i * along + l * across] as number) * (w[j * along + l * across] as number);
      }
      (k[i * d + j] as number) += sum / 2;
      (k[j * d + i] as number) += sum / 2;
    }
  }
  return k;
}

/** The part of a squared norm that is lost; of a gradient that is zero, nothing is. */
export const lostShare = (lost: number, whole: number): number => (whole === 0 ? 0 : lost / whole);

/** Squared norms of the rows (left) or columns (right) of G, the vectors that a selection of coordinates keeps or drops. */
export function squaredNorms({ values, shape: [n, m], side }: GradientValues): Float64Array {
  const norms = new Float64Array(side === 'left' ? n : m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) (norms[side === 'left' ? i : j] as number) += (values[i * m + j] as number) ** 2;
  }
  return norms;
}
