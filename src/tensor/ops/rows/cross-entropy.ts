import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { sameShape, show, sizeOf } from '../../../base/shape';
import { apply, type Composite, checkDType, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { arange } from '../create';
import { cast } from '../elementwise/cast';
import { equal } from '../elementwise/compare';
import { mul } from '../elementwise/mul';
import { neg } from '../elementwise/neg';
import { sub } from '../elementwise/sub';
import { reshape, unsqueeze } from '../movement/reshape';
import { takeAlong } from '../movement/take-along';
import { mean } from '../reductions/sum';
import { logSoftmax, softmax } from './softmax';

/** logits [rows, classes], targets int32 [rows] → the loss of each row. */
const op: Composite<[logits: Tensor, targets: Tensor]> = {
  name: 'crossEntropy',
  // −log softmax(logits) at the target
  forward: ([logits, targets]) => neg(takeAlong(logSoftmax(logits), targets)),
  // dlogits = (softmax(logits) − one-hot(target))·g, row by row
  vjp: (g, [logits, targets]) => [
    () => mul(sub(softmax(logits), oneHot(targets, logits.shape[1] as number)), unsqueeze(g, 1)),
    null,
  ],
  kernel: (backend, [logits, targets]) => backend.crossEntropy?.(logits, targets),
  vjpKernel: (backend, g, [logits, targets]) => backend.crossEntropyGrad?.(g, logits, targets),
};

/** 1 where the class is the target of the row, 0 elsewhere. */
function oneHot(targets: Tensor, classes: number): Tensor {
  return cast(equal(unsqueeze(targets, 1), arange(classes)), 'float32');
}

/**
 * Mean of −log softmax(logits) at the targets, in nats.
 * Shapes: logits [..., classes], targets int32 [...] → [].
 * @throws ShapeError `cross-entropy/shapes`, `index/range`
 */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('crossEntropy', arguments, 2);
  checkFloat('crossEntropy', logits);
  checkDType('crossEntropy', targets, 'int32');
  const leading = logits.shape.slice(0, -1);
  if (logits.ndim === 0 || !sameShape(leading, targets.shape)) {
    throw new ShapeError({
      code: 'cross-entropy/shapes',
      got: `crossEntropy got logits ${show(logits.shape)} and targets ${show(targets.shape)}`,
      expected: `targets ${show(leading)}, one class for each row of logits`,
      fix: 'leave the classes on the last axis, and pass ids rather than one-hot rows',
    });
  }
  const rows = sizeOf(leading);
  const flat = reshape(logits, [rows, logits.shape.at(-1) as number]);
  return mean(apply(op, [flat, reshape(targets, [rows])], undefined, [rows]));
}
