import type { CompressedGradient } from '../optim/transform';
import { decompose } from '../tensor/linalg/svd';
import { axpby } from '../tensor/ops/elementwise/axpby';
import type { Tensor } from '../tensor/tensor';
import { inner } from './round-trip';

/** What one projection did to one gradient: G is what it got, Ĝ = up(down(G)) what comes back of it. */
export interface CompressionMeasures {
  /** cos(Ĝ, G), 0 where nothing came back. */
  readonly cosine: number;
  /** ‖Ĝ − G‖²/‖G‖² */
  readonly relativeError: number;
  /**
   * ‖ΠG‖²/‖G‖², with Π the orthogonal projection onto all that `up` can make: the share of G in the subspace, whatever the
   * scale of A and the angles between its rows. Rows of a Gaussian A are not orthonormal, so this is not ‖down(G)‖²/‖G‖².
   */
  readonly capturedEnergy: number;
  /** ⟨Ĝ, G⟩/‖G‖²: 1 on average over the draws of an unbiased projector, and anything in one of them. */
  readonly gain: number;
  /** ‖Ĝ‖/‖G‖ */
  readonly normInflation: number;
  /** exp(−Σ pᵢ·log pᵢ) with pᵢ = σᵢ/Σσ of the singular values of G: from 1 to min(n, m), where all are equal. */
  readonly effectiveRank: number;
}

/** In float64, of what the step computed in float32; null for a gradient of zeros or one that is not finite. */
export function measureCompression(compressed: CompressedGradient): CompressionMeasures | null {
  const exact = compressed.gradient.dataSync();
  const norm = inner(exact, exact);
  if (!(norm > 0 && norm < Infinity)) return null;
  const lifted = compressed.up(compressed.compressed).dataSync();
  const [dot, size] = [inner(lifted, exact), inner(lifted, lifted)];
  const off = Float64Array.from(lifted, (x, i) => x - (exact[i] as number));
  return {
    cosine: size === 0 ? 0 : dot / Math.sqrt(size * norm),
    relativeError: inner(off, off) / norm,
    capturedEnergy: capturedEnergy(compressed, norm),
    gain: dot / norm,
    normInflation: Math.sqrt(size / norm),
    effectiveRank: effectiveRank(Float32Array.from(exact), compressed.gradient.shape as readonly [number, number]),
  };
}

/** @see Roy and Vetterli, "The effective rank", EUSIPCO 2007. */
function effectiveRank(values: Float32Array, shape: readonly [number, number]): number {
  const { lengths } = decompose(values, shape, Math.min(...shape));
  const sum = lengths.reduce((total, length) => total + length, 0);
  const shares = lengths.map((length) => length / sum).filter((share) => share > 0);
  return Math.exp(-shares.reduce((total, share) => total + share * Math.log(share), 0));
}

/** A turn that explains less than this share of the gradient is the last. */
const negligible = 1e-9;

/**
 * ‖ΠG‖²/‖G‖², with Π the orthogonal projection onto all that `up` can make: the share of the gradient that lies in the
 * subspace, however the rows of A are scaled or lean on each other. Where they are orthonormal it is ‖down(G)‖²/‖G‖².
 *
 * A itself is not needed: what is nearest to G in the subspace is found by conjugate gradients on the normal equations,
 * which take one turn for orthonormal rows and about ten for random ones of rank d/8.
 * @see Hestenes and Stiefel, "Methods of conjugate gradients", 1952, section 10; Björck's CGLS.
 */
function capturedEnergy({ gradient, compressed, down, up }: CompressedGradient, norm: number): number {
  let [residual, left] = [gradient, norm];
  let [direction, steepness] = [compressed, square(compressed)];
  // In exact arithmetic no more turns are needed than the subspace has dimensions.
  for (let turn = 0; turn < compressed.size && steepness > 0; turn++) {
    const move = up(direction);
    const along = inner(residual.dataSync(), move.dataSync()) / square(move);
    const rest = axpby(1, residual, -along, move);
    const [before, after] = [left, square(rest)];
    if (!(after < before)) break;
    [residual, left] = [rest, after];
    if (before - after < negligible * norm) break;
    const descent = down(residual);
    const next = square(descent);
    [direction, steepness] = [axpby(1, descent, next / steepness, direction), next];
  }
  return 1 - left / norm;
}

function square(x: Tensor): number {
  const values = x.dataSync();
  return inner(values, values);
}
