import { checkArgument, number, refuseExtra } from '../../base/options';
import { clip } from '../../tensor/ops/elementwise/clip';
import { stateless } from '../stateless';
import type { GradientTransform } from '../transform';

/** Limit every element to [−limit, limit], which turns the gradient where `clipByGlobalNorm` only shortens it. NaN stays. */
export function clipByValue(limit: number): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('clipByValue', arguments, 1);
  checkArgument('clipByValue', 'limit', number({ low: Number.MIN_VALUE, high: Infinity }), limit);
  return stateless('clipByValue', (u) => clip(u, -limit, limit));
}
