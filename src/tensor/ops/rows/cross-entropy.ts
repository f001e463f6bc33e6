import { ShapeError } from '../../../base/errors';
import { number, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../../base/options';
import { sameShape, show } from '../../../base/shape';
import { apply, type Composite, checkDType, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { arange } from '../create';
import { add } from '../elementwise/add';
import { cast } from '../elementwise/cast';
import { equal } from '../elementwise/compare';
import { div } from '../elementwise/div';
import { mul } from '../elementwise/mul';
import { neg } from '../elementwise/neg';
import { sub } from '../elementwise/sub';
import { where } from '../elementwise/where';
import { reshape, unsqueeze } from '../movement/reshape';
import { takeAlong } from '../movement/take-along';
import { mean, sum } from '../reductions/sum';
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

const crossEntropyOptions = {
  /** ε of 1: the share of each target that goes to all classes alike (default 0). */
  labelSmoothing: optional(number({ low: 0, high: 1 }), 0),
  /** Rows with this target do not count, as padding (default: none). */
  ignoreIndex: optional(whole({ low: -(2 ** 31), high: 2 ** 31 - 1 })),
};

/** Softer targets, and rows that do not count. */
export interface CrossEntropyOptions extends OptionsOf<typeof crossEntropyOptions> {}

/**
 * Mean of −log softmax(logits) at the targets, in nats, over the rows that are not ignored: NaN where all are, as in
 * PyTorch, which a trainer refuses. With `labelSmoothing` ε a target is 1 − ε at its class plus ε/classes at all.
 * Shapes: logits [..., classes], targets int32 [...] → [].
 * @throws ShapeError `cross-entropy/shapes`, `index/range`
 * @throws OptionError `options/range`, `options/unknown`
 * @see Szegedy et al., "Rethinking the Inception architecture for computer vision", arXiv 1512.00567, section 7.
 * @example
 * const [logits, targets] = [ones([3, 4]), tensor([0, 3, -1], { dtype: 'int32' })];
 * const loss = crossEntropy(logits, targets, { ignoreIndex: -1, labelSmoothing: 0.1 }); // log 4
 * console.log((await loss.item()).toFixed(4)); // prints 1.3863
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options?: CrossEntropyOptions): Tensor {
  if (arguments.length > 3) refuseExtra('crossEntropy', arguments, 3);
  checkTargets('crossEntropy', logits, targets);
  const rows = targets.size;
  const flat = reshape(logits, [rows, logits.shape.at(-1) as number]);
  const ids = reshape(targets, [rows]);
  if (options === undefined) return mean(apply(op, [flat, ids], undefined, [rows]));
  const { labelSmoothing, ignoreIndex } = readOptions('crossEntropy', crossEntropyOptions, options, 'logits, targets');
  if (ignoreIndex === undefined) return mean(smoothed(flat, ids, labelSmoothing));
  const ignored = equal(ids, ignoreIndex);
  const known = cast(where(ignored, 0, cast(ids, 'float32')), 'int32'); // a class for each row
  const losses = where(ignored, 0, smoothed(flat, known, labelSmoothing));
  return div(sum(losses), sum(where(ignored, 0, 1)));
}

/** The loss of each row. A share ε of the target that goes to all classes moves the logit from the target's to the mean. */
function smoothed(logits: Tensor, ids: Tensor, labelSmoothing: number): Tensor {
  const losses = apply(op, [logits, ids], undefined, ids.shape);
  if (labelSmoothing === 0) return losses;
  return add(losses, mul(sub(takeAlong(logits, ids), mean(logits, { axis: 1 })), labelSmoothing));
}

/**
 * Rows of classes, and the class of each.
 * @throws ShapeError `cross-entropy/shapes`
 */
export function checkTargets(where: string, x: Tensor, targets: Tensor): void {
  checkFloat(where, x);
  checkDType(where, targets, 'int32');
  const leading = x.shape.slice(0, -1);
  if (x.ndim > 0 && sameShape(leading, targets.shape)) return;
  throw new ShapeError({
    code: 'cross-entropy/shapes',
    got: `${where} got logits ${show(x.shape)} and targets ${show(targets.shape)}`,
    expected: `targets ${show(leading)}, one class for each row of logits`,
    fix: 'leave the classes on the last axis, and pass ids rather than one-hot rows',
  });
}
