import type { Params } from '../tensor/tensor';
import { divide } from './combinators/divide';

/** How many gradients of an accumulation had each leaf: tells a mean that is zero from one of nothing. */
export type LeafCounts = Readonly<Record<string, number>>;

/** No gradient yet. */
export function zeroCounts(params: Params): LeafCounts {
  return Object.fromEntries(Object.keys(params).map((path) => [path, 0]));
}

export function countLeaves(counts: LeafCounts, grads: Params): LeafCounts {
  return Object.fromEntries(
    Object.entries(counts).map(([path, n]) => [path, n + (Object.hasOwn(grads, path) ? 1 : 0)]),
  );
}

/** The leaves that at least one gradient had. */
export function leavesSeen(sums: Params, counts: LeafCounts): Params {
  return divide(sums, (path) => (counts[path] ?? 0) > 0)[0];
}
