import { checkArgument, number, refuseExtra } from '../../base/options';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { stateless } from '../stateless';
import type { GradientTransform } from '../transform';
import { rms } from './rms';

/**
 * Shrink each leaf whose root mean square passes a threshold d: U/max(1, RMS(U)/d).
 * @see Shazeer and Stern, "Adafactor", arXiv 1804.04235, section 6.
 */
export function clipByBlockRms(threshold: number): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('clipByBlockRms', arguments, 1);
  checkArgument('clipByBlockRms', 'threshold', number({ low: Number.MIN_VALUE, high: Infinity }), threshold);
  return stateless('clipByBlockRms', (u) => div(u, maximum(div(rms(u), threshold), 1)));
}
