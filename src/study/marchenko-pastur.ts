/** The limit law of the nonzero eigenvalues of AᵀA for independent entries of variance 1/r. */
export interface MarchenkoPastur {
  /** (√(d/r) − 1)² */
  readonly low: number;
  /** (√(d/r) + 1)² */
  readonly high: number;
  /** The eigenvalue that a share from 0 to 1 of all are below. */
  quantile(share: number): number;
}

const steps = 4096;

/**
 * The Marchenko–Pastur law of the r nonzero eigenvalues of AᵀA, A [r, d] with r ≤ d and independent entries of mean 0 and
 * variance 1/r: as r and d grow in a fixed ratio, their distribution tends to it whatever else the entries are, and with
 * finite fourth moments the smallest and largest tend to its edges (Bai and Silverstein, "Spectral analysis of large
 * dimensional random matrices", 2nd edition, theorems 3.6 and 5.11).
 *
 * With y = r/d and λ = (d/r)·(1 + y − 2√y·cos θ), the share of eigenvalues in dθ is (2/π)·sin²θ/(1 + y − 2√y·cos θ), which
 * is smooth: sums at midpoints integrate it.
 */
export function marchenkoPastur(d: number, rank: number): MarchenkoPastur {
  const y = rank / d;
  const at = (theta: number): number => 1 + y - 2 * Math.sqrt(y) * Math.cos(theta);
  const below = new Float64Array(steps + 1);
  for (let i = 0; i < steps; i++) {
    const theta = (Math.PI * (i + 0.5)) / steps;
    below[i + 1] = (below[i] as number) + ((2 / steps) * Math.sin(theta) ** 2) / at(theta);
  }
  return {
    low: (1 - Math.sqrt(y)) ** 2 / y,
    high: (1 + Math.sqrt(y)) ** 2 / y,
    quantile(share) {
      const found = below.findIndex((sum, i) => i > 0 && sum >= share);
      const next = found === -1 ? steps : found; // the last sum may fall short of 1 by rounding
      const [from, to] = [below[next - 1] as number, below[next] as number];
      const part = Math.min(1, Math.max(0, (share - from) / (to - from)));
      return at((Math.PI * (next - 1 + part)) / steps) / y;
    },
  };
}
