import { oneSided, type SymmetricMoments, type Theory } from './theory';

/** For entries that are independent with mean 0, variance 1/r and kurtosis κ: Var Σ K ⊙ S = (2·ΣK² + (κ − 3)·ΣK_jj²)/r. */
export function independentEntriesVariance(rank: number, kurtosis: number): (k: SymmetricMoments) => number {
  return ({ squares, diagonalSquares }) => (2 * squares + (kurtosis - 3) * diagonalSquares) / rank;
}

/**
 * The theory of A = B/√r with independent entries of mean 0, variance 1 and kurtosis κ in B.
 *
 * Variance of the error e of a unit vector x, by Hoeffding's decomposition over the rows b of B: S − I is the mean of
 * D = b·bᵀ − I, and e = xᵀ(S − I)²x = (Σ a_l + 2·Σ_{l<k} h_lk)/r² with a = xᵀD²x and h = xᵀD·D′x, all uncorrelated, so
 * Var e = Var(a)/r³ + 2(r − 1)·E[h²]/r³. With f = Σ x_j⁴, E[h²] = d + 2κ − 3 + (κ − 3)(κ − 1)·f, and
 * a − 1 = (‖b‖² − 2)·y² with y = ⟨b, x⟩ has the mean d − 3 + κ. The second moment of a − 1 is linear in f as well, so Var e
 * is largest at f = 1/d or f = 1. A general G is a weighted mean of such errors, so its variance is at most that.
 *
 * @param secondMoment E[(‖b‖² − 2)²·y⁴] as a function of f
 */
export function independentEntriesTheory(
  d: number,
  rank: number,
  kurtosis: number,
  secondMoment: (f: number) => number,
): Theory {
  const varianceAt = (f: number): number => {
    const own = secondMoment(f) - (d - 3 + kurtosis) ** 2;
    const cross = d + 2 * kurtosis - 3 + (kurtosis - 3) * (kurtosis - 1) * f;
    return (own + 2 * (rank - 1) * cross) / rank ** 3;
  };
  return oneSided({
    gain: 1,
    relativeMse: (d - 2 + kurtosis) / rank,
    relativeMseVariance: Math.max(0, varianceAt(1 / d), varianceAt(1)),
    varianceOf: independentEntriesVariance(rank, kurtosis),
  });
}
