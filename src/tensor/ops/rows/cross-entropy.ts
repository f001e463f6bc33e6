import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { sameShape, show, sizeOf } from '../../../base/shape';
import { apply, checkDType, checkFloat, compute, type Op } from '../../op';
import type { Tensor } from '../../tensor';
import { arange } from '../create';
import { cast } from '../elementwise/cast';
import { equal } from '../elementwise/compare';
import { mul } from '../elementwise/mul';
import { neg } from '../elementwise/neg';
import { reshape } from '../movement/reshape';
import { mean, sum } from '../reductions/sum';
import { logSoftmax } from './softmax';

/** logits [rows, classes], targets int32 [rows] → the loss of each row. */
const op: Op<2> = {
  name: 'crossEntropy',
  forward: (backend, [logits, targets]) => backend.crossEntropy(logits, targets),
  // dlogits = (softmax(logits) − one-hot(target))·g, row by row
  vjp: (g, [logits, targets]) => [
    () =>
      compute<3>('crossEntropy vjp', [g, logits, targets], logits.shape, (backend, [a, x, ids]) =>
        backend.crossEntropyGrad(a, x, ids),
      ),
    null,
  ],
  composed([logits, targets]) {
    const [rows, classes] = logits.shape as readonly [number, number];
    const oneHot = cast(equal(reshape(targets, [rows, 1]), arange(classes)), 'float32');
    return neg(sum(mul(logSoftmax(logits), oneHot), { axis: 1 }));
  },
};

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
