export function median(xs: readonly number[]): number {
  const sorted = [...xs].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** A median and what it was taken over. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(xs: readonly number[]): Spread {
  return { median: median(xs), min: Math.min(...xs), max: Math.max(...xs) };
}

/** x/y round by round: what the machine did to both in one round cancels. Rounds that one of them sat out do not count. */
export function pairedRatios(xs: readonly number[], ys: readonly number[]): number[] {
  const rounds = Math.min(xs.length, ys.length);
  return Array.from({ length: rounds }, (_, i) => (xs[i] as number) / (ys[i] as number));
}
