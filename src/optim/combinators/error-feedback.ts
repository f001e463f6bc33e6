import { checkArgument, refuseExtra } from '../../base/options';
import { add } from '../../tensor/ops/elementwise/add';
import { sub } from '../../tensor/ops/elementwise/sub';
import type { Params } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { observedAround } from '../observed-around';
import { zerosLike } from '../parts/moving-mean';
import { type GradientTransform, mapParams, transform, transformKind } from '../transform';

/** The state of `errorFeedback`. */
export interface ErrorFeedbackState<S> {
  /** E of each parameter: what has been dropped and is still to come, zero at first. */
  readonly errors: Params;
  /** State of the transform that drops it. */
  readonly inner: S;
}

/**
 * What a lossy transform drops of a gradient comes back with the next one: ĝ = inner(g + E), E ← g + E − ĝ. Nothing is
 * lost, only late: after every step the sum of all updates and E is the sum of all gradients, to rounding.
 *
 * `inner` has to give back gradients in their own size, so it comes before the learning rate; what it returns no update for
 * is dropped as a whole. E is as large as the parameters. Parameters that `inner` does not change need none: put
 * `masked(errorFeedback(…), …)` around.
 * @see Karimireddy et al., "Error feedback fixes SignSGD and other gradient compression schemes", arXiv 1901.09847,
 * Algorithm 2; Seide et al., "1-bit stochastic gradient descent", Interspeech 2014.
 * @example
 * const largest = compress({
 *   projector: projectors.topCoordinates,
 *   rank: 2,
 *   inner: identity,
 *   refreshEvery: 1,
 *   onRefresh: 'keep',
 * });
 * const optimizer = chain(errorFeedback(largest), sgd({ learningRate: 0.1 }));
 */
export function errorFeedback<S>(inner: GradientTransform<S>): GradientTransform<ErrorFeedbackState<S>> {
  if (arguments.length > 1) refuseExtra('errorFeedback', arguments, 1);
  checkArgument('errorFeedback', 'inner', transformKind, inner);
  return transform<ErrorFeedbackState<S>>({
    name: `errorFeedback(${inner.name ?? 'transform'})`,
    linear: inner.linear === true,
    leafwise: inner.leafwise === true,
    init: (params) => ({ errors: zerosLike(params), inner: inner.init(params) }),
    ...(inner.explain && { explain: inner.explain }),
    ...observedAround([inner], ([seen = inner]) => errorFeedback(seen)),
    update(grads, state, params) {
      const owed = mapParams(grads, (g, path) => add(leafOf('errorFeedback', state.errors, path), g));
      const [updates, next] = inner.update(owed, state.inner, params);
      const errors = mapParams(owed, (x, path) =>
        Object.hasOwn(updates, path) ? sub(x, leafOf('errorFeedback', updates, path)) : x,
      );
      return [updates, { errors: { ...state.errors, ...errors }, inner: next }];
    },
  });
}
