import { type GradientTransform, transform } from '../transform';

/**
 * The transform that changes nothing: stands in a chain where an option is switched off.
 * @example
 * const step = (clip?: number) => chain(clip === undefined ? identity : clipByGlobalNorm(clip), scale(-0.1));
 * const [updates] = step().update({ w: tensor([3, 4]) }, [[], []], {});
 * console.log(await updates.w?.array()); // prints [ -0.30000001192092896, -0.4000000059604645 ]
 */
export const identity: GradientTransform<readonly []> = transform({
  name: 'identity',
  linear: true,
  leafwise: true,
  init: () => [] as const,
  update: (grads, state) => [grads, state],
});
