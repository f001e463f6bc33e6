import { checkArgument, refuseExtra, whole } from '../../base/options';
import { add } from '../../tensor/ops/elementwise/add';
import { div } from '../../tensor/ops/elementwise/div';
import type { Params } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { countLeaves, type LeafCounts, leavesSeen, zeroCounts } from '../leaf-counts';
import { observedAround } from '../observed-around';
import { zerosLike } from '../parts/moving-mean';
import { type GradientTransform, mapParams, transform, transformKind } from '../transform';

/** The state of `accumulate`. */
export interface AccumulateState<S> {
  /** Gradients in the sums so far. */
  readonly count: number;
  /** For each leaf, how many of these gradients had it. */
  readonly counts: LeafCounts;
  /** Σ g, zero at the start of a cycle. */
  readonly sums: Params;
  /** State of the transform that gets the means. */
  readonly inner: S;
}

/**
 * Gradient accumulation: sum k gradients, then hand their mean to `inner` as if it were one gradient. Between the ends
 * of cycles no leaf is returned and `inner` does not move, so its schedules count cycles. A leaf that is absent from
 * some of the gradients counts as zero there; one that is absent from all of them is absent from the mean.
 * @throws OptionError `options/range`
 * @example
 * const optimizer = accumulate(4, adam({ learningRate: 1e-3 })); // a step after every fourth gradient
 */
export function accumulate<S>(k: number, inner: GradientTransform<S>): GradientTransform<AccumulateState<S>> {
  if (arguments.length > 2) refuseExtra('accumulate', arguments, 2);
  checkArgument('accumulate', 'k', whole({ low: 1 }), k);
  checkArgument('accumulate', 'inner', transformKind, inner);
  const empty = (params: Params) => ({ count: 0, counts: zeroCounts(params), sums: zerosLike(params) });
  return transform<AccumulateState<S>>({
    name: `accumulate(${k}, ${inner.name ?? 'transform'})`,
    linear: inner.linear === true,
    init: (params) => ({ ...empty(params), inner: inner.init(params) }),
    ...(inner.explain && { explain: inner.explain }),
    ...observedAround([inner], ([seen = inner]) => accumulate(k, seen)),
    update(grads, state, params) {
      const count = state.count + 1;
      const counts = countLeaves(state.counts, grads);
      const arrived = mapParams(grads, (g, path) => add(leafOf('accumulate', state.sums, path), g));
      const sums = { ...state.sums, ...arrived };
      if (count < k) return [{}, { ...state, count, counts, sums }];
      const means = mapParams(leavesSeen(sums, counts), (sum) => div(sum, k));
      const [updates, next] = inner.update(means, state.inner, params);
      return [updates, { ...empty(sums), inner: next }];
    },
  });
}
