import { studentFactor } from './student';

/** A mean of differences between runs of one seed, with the interval that holds it with 95 % confidence. */
export interface Paired {
  readonly mean: number;
  /** null for a single seed, of which nothing can be said. */
  readonly interval: readonly [low: number, high: number] | null;
}

/**
 * Student's interval of the mean of `differences`, one for each seed: runs of a seed share weights and batches, so that
 * what seeds have in common cancels. It takes differences for normal, which a handful of seeds cannot check.
 */
export function paired(differences: readonly number[]): Paired {
  const n = differences.length;
  const mean = differences.reduce((sum, x) => sum + x, 0) / n;
  if (n < 2) return { mean, interval: null };
  const squares = differences.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const half = studentFactor(n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { mean, interval: [mean - half, mean + half] };
}
