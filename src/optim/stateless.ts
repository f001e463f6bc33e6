import type { Tensor } from '../tensor/tensor';
import { leafOf } from './leaf';
import { type GradientTransform, mapParams, transform } from './transform';

/** A transform of one leaf at a time that keeps nothing between steps; `parameter()` is looked up only if asked for. */
export function stateless(
  name: string,
  f: (g: Tensor, parameter: () => Tensor) => Tensor,
  { linear = false } = {},
): GradientTransform<readonly []> {
  return transform({
    name,
    linear,
    leafwise: true,
    init: () => [] as const,
    update: (grads, state, params) => [mapParams(grads, (g, path) => f(g, () => leafOf(name, params, path))), state],
  });
}
