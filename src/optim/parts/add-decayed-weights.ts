import { checkArgument, number, refuseExtra } from '../../base/options';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { stateless } from '../stateless';
import type { GradientTransform } from '../transform';

/**
 * Decoupled weight decay: u + decay·W. Put it after the part that normalises the gradient and before the learning
 * rate, whose sign turns it into W ← W − η·decay·W.
 * @see Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv 1711.05101, Algorithm 2.
 */
export function addDecayedWeights(decay: number): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('addDecayedWeights', arguments, 1);
  checkArgument('addDecayedWeights', 'decay', number({ low: 0 }), decay);
  return stateless('addDecayedWeights', (u, w) => (decay === 0 ? u : axpby(1, u, decay, w())));
}
