import { type GradientTransform, transform } from '../transform';

/** The transform that changes nothing: stands in a chain where an option is switched off. */
export const identity: GradientTransform<readonly []> = transform({
  name: 'identity',
  linear: true,
  leafwise: true,
  init: () => [] as const,
  update: (grads, state) => [grads, state],
});
