import { checkArgument, number, refuseExtra } from '../../base/options';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { stateless } from '../stateless';
import type { GradientTransform } from '../transform';
import { rms } from './rms';

/**
 * Make steps relative to the size of what they change: U·max(RMS(W), minScale). The floor lets zeros move.
 * @see Shazeer and Stern, "Adafactor", arXiv 1804.04235, section 8.
 */
export function scaleByParameterRms(minScale = 1e-3): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('scaleByParameterRms', arguments, 1);
  checkArgument('scaleByParameterRms', 'minScale', number({ low: 0 }), minScale);
  return stateless('scaleByParameterRms', (u, w) => mul(u, maximum(rms(w()), minScale)));
}
