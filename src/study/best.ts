import type { GradientValues } from '../compress/theory/theory';
import { decompose } from '../tensor/linalg/svd';

/**
 * Squared singular values of a gradient as shares of ‖G‖², which fall and add up to 1; of a zero gradient all are 0. The
 * first r together are the most that a subspace of that rank holds of it, and the root of their sum is the largest cosine
 * that a matrix of rank r has with it (Eckart and Young, "The approximation of one matrix by another of lower rank",
 * Psychometrika 1, 1936).
 */
export function energyShares({ values, shape }: Pick<GradientValues, 'values' | 'shape'>): readonly number[] {
  const { lengths } = decompose(Float32Array.from(values), shape, Math.min(...shape));
  const squares = lengths.map((length) => length ** 2);
  const whole = squares.reduce((a, b) => a + b, 0);
  return squares.map((square) => (whole === 0 ? 0 : square / whole));
}

/** The sum of the first `rank` shares. */
export const firstOf = (shares: readonly number[], rank: number): number =>
  Math.min(
    1,
    shares.slice(0, rank).reduce((a, b) => a + b, 0),
  );

/** The fewest singular values that hold this part of the energy; 0 of a zero gradient. */
export function rankHolding(shares: readonly number[], part: number): number {
  let sum = 0;
  for (const [i, share] of shares.entries()) {
    sum += share;
    if (sum >= part) return i + 1;
  }
  return shares[0] === 0 ? 0 : shares.length;
}
