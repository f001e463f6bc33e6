import type { GradientTransform } from './transform';

/**
 * `observed` of a transform around others, which `wrap` makes again of the parts that show what they compress. Nothing where
 * none of them compresses.
 */
export function observedAround<S, T>(
  parts: readonly GradientTransform<S>[],
  wrap: (parts: readonly GradientTransform<S>[]) => GradientTransform<T>,
): Pick<GradientTransform<T>, 'observed'> {
  if (!parts.some((part) => part.observed)) return {};
  return { observed: (see) => wrap(parts.map((part) => part.observed?.(see) ?? part)) };
}
