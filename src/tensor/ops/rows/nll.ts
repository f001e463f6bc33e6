import { refuseExtra } from '../../../base/options';
import type { Tensor } from '../../tensor';
import { neg } from '../elementwise/neg';
import { takeAlong } from '../movement/take-along';
import { mean } from '../reductions/sum';
import { checkTargets } from './cross-entropy';

/**
 * Mean of −log p at the targets, of log probabilities that are there already: `crossEntropy` is this after `logSoftmax`,
 * in one pass.
 * Shapes: logProbabilities [..., classes], targets int32 [...] → [].
 * @throws ShapeError `cross-entropy/shapes`, `index/range`
 * @example
 * const p = tensor([[0.25, 0.75], [0.5, 0.5]]);
 * const loss = nll(log(p), tensor([0, 1], { dtype: 'int32' })); // ½·(log 4 + log 2)
 * console.log((await loss.item()).toFixed(4)); // prints 1.0397
 */
export function nll(logProbabilities: Tensor, targets: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('nll', arguments, 2);
  checkTargets('nll', logProbabilities, targets);
  return neg(mean(takeAlong(logProbabilities, targets)));
}
