import { refuseExtra } from '../../../base/options';
import type { Tensor } from '../../tensor';
import { greater } from '../elementwise/compare';
import { exp } from '../elementwise/exp';
import { mul } from '../elementwise/mul';
import { sub } from '../elementwise/sub';
import { where } from '../elementwise/where';
import { mean, sum } from '../reductions/sum';
import { checkPair } from './loss';

/**
 * KL(P‖Q) = Σ p·(log p − log q) over the last axis, mean over the rows, of log probabilities such as `logSoftmax` makes.
 * A class with p = 0 adds nothing, whatever q is. The true distribution comes first, as in the formula; PyTorch has it
 * second: this is `F.kl_div(logQ, logP, reduction='batchmean', log_target=True)` for rows.
 * Shapes: logP and logQ [..., classes] → [].
 * @throws ShapeError `loss/shapes`
 * @see Kullback and Leibler, "On information and sufficiency" (1951).
 * @example
 * const [p, q] = [tensor([[0.5, 0.5]]), tensor([[0.25, 0.75]])];
 * console.log((await klDivergence(log(p), log(q)).item()).toFixed(4)); // prints 0.1438
 */
export function klDivergence(logP: Tensor, logQ: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('klDivergence', arguments, 2);
  checkPair('klDivergence', logP, logQ);
  const p = exp(logP);
  const terms = mul(p, where(greater(p, 0), sub(logP, logQ), 0));
  return mean(terms.ndim === 0 ? terms : sum(terms, { axis: -1 }));
}
