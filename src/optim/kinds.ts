import { type Kind, kindOf } from '../base/options';
import type { GradientTransform } from './transform';

/** Anything with `init` and `update`: what `adam` returns, or a transform of your own. */
export const transformKind: Kind<GradientTransform<unknown>> = kindOf<GradientTransform<unknown>>(
  'a gradient transform',
  isTransform,
  'arguments/transform',
);

function isTransform(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { init, update } = value as { init?: unknown; update?: unknown };
  return typeof init === 'function' && typeof update === 'function';
}
