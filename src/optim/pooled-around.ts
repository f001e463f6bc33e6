import type { GradientTransform } from './transform';

/**
 * `pool` of a transform around others, of which one is a mean over ranks: it hands on one state after the other, so each has a sum
 * of its own. Nothing where none of them is such a mean.
 */
export function pooledAround<S>(
  parts: readonly GradientTransform<unknown>[],
  update: GradientTransform<S>['update'],
): Pick<GradientTransform<S>, 'pool'> {
  if (!parts.some(({ pool }) => pool)) return {};
  return { pool: (given, params) => given.map(([grads, state]) => update(grads, state, params)) };
}
