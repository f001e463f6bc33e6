import { ShapeError } from '../../../base/errors';
import { type Kind, kindOf, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { broadcastShapes, sameShape, show } from '../../../base/shape';
import { apply, type Composite, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { isTensor } from '../../tree';
import { full } from '../create';
import { abs } from '../elementwise/abs';
import { add } from '../elementwise/add';
import { exp } from '../elementwise/exp';
import { log } from '../elementwise/log';
import { mul } from '../elementwise/mul';
import { neg } from '../elementwise/neg';
import { relu } from '../elementwise/relu';
import { sigmoid } from '../elementwise/sigmoid';
import { sub } from '../elementwise/sub';
import { mean } from '../reductions/sum';
import { sumTo } from '../reductions/sum-to';
import { checkPair } from './loss';

const weightKind: Kind<number | Tensor> = kindOf(
  'a number or a tensor',
  (value) => typeof value === 'number' || isTensor(value),
);

const bceWithLogitsOptions = {
  /** Factor of what targets of 1 lose, to make up for how rare they are: a number, or one for each class (default 1). */
  positiveWeight: optional(weightKind, 1),
};

/** How much the positive ones count. */
export interface BceWithLogitsOptions extends OptionsOf<typeof bceWithLogitsOptions> {}

/** The loss of each element, of logits x, targets t and the weight w of positive ones. */
const op: Composite<[x: Tensor, t: Tensor, w: Tensor]> = {
  name: 'bceWithLogits',
  // With s(x) = −log σ(x): w·t·s(x) + (1 − t)·s(−x), since 1 − σ(x) = σ(−x)
  forward: ([x, t, w]) => add(mul(mul(w, t), surprise(x)), mul(sub(1, t), surprise(neg(x)))),
  // ds(x)/dx = −σ(−x), and s(x) − s(−x) = −x
  vjp: (g, [x, t, w]) => [
    () => mul(g, sub(sub(1, t), mul(share(t, w), sigmoid(neg(x))))),
    () => mul(g, sub(mul(sub(w, 1), surprise(x)), x)),
    () => sumTo(mul(g, mul(t, surprise(x))), w.shape),
  ],
};

/** s = −log σ(x) = log(1 + e^−x), with an exponential that cannot overflow. */
function surprise(x: Tensor): Tensor {
  return add(relu(neg(x)), log(add(exp(neg(abs(x))), 1)));
}

/** The factor of −σ(−x) in the derivative: w·t + 1 − t. */
function share(t: Tensor, w: Tensor): Tensor {
  return add(mul(sub(w, 1), t), 1);
}

/**
 * Mean binary cross entropy of σ(logits), in nats, for targets from 0 to 1: no logit is so large that it overflows.
 * Shapes: logits and targets alike → []; `positiveWeight` broadcasts to them.
 * @throws ShapeError `loss/shapes`, `broadcast/mismatch`
 * @throws OptionError `options/type`, `options/unknown`
 * @example
 * const loss = bceWithLogits(tensor([0, 100]), tensor([1, 1])); // ½·(log 2 + 0)
 * console.log((await loss.item()).toFixed(4)); // prints 0.3466
 */
export function bceWithLogits(logits: Tensor, targets: Tensor, options: BceWithLogitsOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra('bceWithLogits', arguments, 3);
  checkPair('bceWithLogits', logits, targets);
  const { positiveWeight } = readOptions('bceWithLogits', bceWithLogitsOptions, options, 'logits, targets');
  const w = isTensor(positiveWeight) ? positiveWeight : full([], positiveWeight);
  checkFloat('bceWithLogits', w);
  if (!sameShape(broadcastShapes('bceWithLogits', w.shape, logits.shape), logits.shape)) throw tooWide(w, logits);
  return mean(apply(op, [logits, targets, w], undefined, logits.shape));
}

function tooWide(w: Tensor, logits: Tensor): ShapeError {
  return new ShapeError({
    code: 'loss/shapes',
    got: `bceWithLogits got logits ${show(logits.shape)} and a positiveWeight ${show(w.shape)}`,
    expected: 'a weight that broadcasts to the logits',
    fix: 'give it one element for each class, the last axis',
  });
}
