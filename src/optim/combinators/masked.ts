import { callable, checkArgument, refuseExtra } from '../../base/options';
import type { Tensor } from '../../tensor/tensor';
import { isEmpty } from '../leaf';
import { observedAround } from '../observed-around';
import { pooledAround } from '../pooled-around';
import { type GradientTransform, transform, transformKind } from '../transform';
import { divide } from './divide';

/**
 * Apply a transform to some leaves; the others pass through unchanged and cost no state. `belongs` is asked with the
 * parameter at the start and with its gradient in every step, so it must depend on path and shape alone.
 * @example
 * const optimizer = chain(scaleByAdam(), masked(addDecayedWeights(0.01), (_, { ndim }) => ndim > 1), scale(-1e-3));
 */
export function masked<S>(
  inner: GradientTransform<S>,
  belongs: (path: string, tensor: Tensor) => boolean,
): GradientTransform<S> {
  if (arguments.length > 2) refuseExtra('masked', arguments, 2);
  checkArgument('masked', 'inner', transformKind, inner);
  checkArgument('masked', 'belongs', callable('of a path and a tensor'), belongs);
  const update: GradientTransform<S>['update'] = (grads, state, params) => {
    const [inside, outside] = divide(grads, belongs);
    if (isEmpty(inside) && !inner.pool) return [outside, state];
    const [updates, next] = inner.update(inside, state, divide(params, belongs)[0]);
    return [{ ...outside, ...updates }, next];
  };
  return transform<S>({
    name: `masked(${inner.name ?? 'transform'})`,
    linear: inner.linear === true,
    leafwise: inner.leafwise === true,
    init: (params) => inner.init(divide(params, belongs)[0]),
    update,
    ...pooledAround<S>([inner], update),
    explain: (params) => inner.explain?.(divide(params, belongs)[0]) ?? [],
    ...observedAround([inner], ([seen = inner]) => masked(seen, belongs)),
  });
}
