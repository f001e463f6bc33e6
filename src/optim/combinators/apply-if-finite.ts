import { BackendError, OptionError } from '../../base/errors';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { sameShape } from '../../base/shape';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { equal, lessEqual } from '../../tensor/ops/elementwise/compare';
import { mul } from '../../tensor/ops/elementwise/mul';
import { where } from '../../tensor/ops/elementwise/where';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Params, Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';
import { observedAround } from '../observed-around';
import { type GradientTransform, mapParams, transform, transformKind } from '../transform';

/** The state of `applyIfFinite`. Counts are scalar tensors, so that a backend that cannot read at once can move them. */
export interface ApplyIfFiniteState<S> {
  /** Steps in a row, up to now, whose gradients were not finite. */
  readonly consecutive: Tensor;
  /** All steps whose gradients were not finite. */
  readonly total: Tensor;
  /** State of the transform that gets the others. */
  readonly inner: S;
}

const applyIfFiniteOptions = {
  /** Skip at most this number of steps in a row; the next one is taken, whatever is in it (default 5). */
  maxConsecutive: optional(whole({ low: 0 }), 5),
};

/** How long to look away. */
export interface ApplyIfFiniteOptions extends OptionsOf<typeof applyIfFiniteOptions> {}

/**
 * Skip a step whose gradients have NaN or infinity anywhere: updates are zeros and the state of `inner` stays as it was.
 * After `maxConsecutive` skips in a row a step is taken all the same, so that a model that is broken fails visibly.
 *
 * Where the backend can read at once, it does. Elsewhere a flag on the device chooses between the two outcomes; then numbers
 * in the state of `inner`, such as a count of steps, move on in a step that is skipped, and its float32 tensors do not.
 * @throws OptionError `apply-if-finite/pools`
 * @see optax.apply_if_finite
 * @example
 * const optimizer = applyIfFinite(adam({ learningRate: 1e-3 }), { maxConsecutive: 3 });
 */
export function applyIfFinite<S>(
  inner: GradientTransform<S>,
  options: ApplyIfFiniteOptions = {},
): GradientTransform<ApplyIfFiniteState<S>> {
  if (arguments.length > 2) refuseExtra('applyIfFinite', arguments, 2);
  checkArgument('applyIfFinite', 'inner', transformKind, inner);
  const { maxConsecutive } = readOptions('applyIfFinite', applyIfFiniteOptions, options, 'inner');
  if (inner.pool) throw aroundAMean(inner.name ?? 'a mean over ranks');
  return transform<ApplyIfFiniteState<S>>({
    name: `applyIfFinite(${inner.name ?? 'transform'})`,
    init: (params) => ({ consecutive: zeros([]), total: zeros([]), inner: inner.init(params) }),
    ...(inner.explain && { explain: inner.explain }),
    ...observedAround([inner], ([seen = inner]) => applyIfFinite(seen, options)),
    update(grads, state, params) {
      const finite = equal(spoiled(grads), 0);
      const consecutive = where(finite, 0, add(state.consecutive, 1));
      const total = add(state.total, where(finite, 0, 1));
      const skipped = where(finite, 0, lessEqual(consecutive, maxConsecutive).cast('float32'));
      const flag = equal(skipped, 0);
      const known = readNow(flag);
      if (known === 0) return [mapParams(grads, (g) => zeros(g.shape)), { consecutive, total, inner: state.inner }];
      const [updates, next] = inner.update(grads, state.inner, params);
      if (known === 1) return [updates, { consecutive, total, inner: next }];
      const none = mapParams(updates, (u) => zeros(u.shape));
      return [chosen(flag, updates, none), { consecutive, total, inner: chosen(flag, next, state.inner) }];
    },
  });
}

/** A rank that skips a step would not come to the sum for which the others wait. */
function aroundAMean(name: string): OptionError {
  return new OptionError({
    code: 'apply-if-finite/pools',
    got: `applyIfFinite got ${name}, which takes the mean of several gradients`,
    expected: 'a transform of one gradient: what is not finite on one rank is in the mean, and all skip the same steps',
    fix: 'take the mean first: chain(allReduce(comm), applyIfFinite(…))',
  });
}

/** 0, or NaN if any element is NaN or infinite. */
function spoiled(grads: Params): Tensor {
  return Object.values(mapParams(grads, (g) => sum(mul(g, 0)))).reduce((all, one) => add(all, one));
}

/** The value of a flag, or null where the backend can only promise it. */
function readNow(flag: Tensor): number | null {
  try {
    return flag.dataSync()[0] as number;
  } catch (error) {
    if (error instanceof BackendError && error.code === 'read/sync') return null;
    throw error;
  }
}

/** The tree `a` where the flag is 1, with the tensors of `b` where it is 0; what `b` has no counterpart for is that of `a`. */
function chosen<T>(flag: Tensor, a: T, b: unknown): T {
  if (isTensor(a)) {
    if (!isTensor(b) || !sameShape(a.shape, b.shape) || a.dtype !== 'float32' || a.value === b.value) return a;
    return where(flag, a, b) as Tensor & T;
  }
  if (typeof a !== 'object' || a === null) return a;
  const other = (b ?? {}) as Readonly<Record<string, unknown>>;
  const pick = (branch: unknown, name: string | number): unknown =>
    chosen(flag, branch, Object.hasOwn(other, name) ? other[name] : undefined);
  if (Array.isArray(a)) return a.map(pick) as T & unknown[];
  return Object.fromEntries(Object.entries(a).map(([name, branch]) => [name, pick(branch, name)])) as T;
}
