import { allocate } from '../../../base/dtype';
import { type Key, keyKind } from '../../../base/key';
import { checkArgument, refuseExtra } from '../../../base/options';
import { philox } from '../../../base/philox';
import { normalizeAxis, type Shape, sizeOf } from '../../../base/shape';
import { checkFloat } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { add } from '../elementwise/add';
import { stopGradient } from '../elementwise/stop-gradient';
import { argmax } from '../reductions/argmax';
import { emptyReduction } from '../reductions/max';

/**
 * One id from each row, drawn from softmax(logits): the argmax of logits + G, where G is Gumbel noise, −log(−log u).
 * Shapes: logits [..., classes] → int32 [...]. Divide the logits by a temperature for bolder or safer draws. A class with
 * the logit −∞ is not drawn; NaN counts as largest. No derivative.
 *
 * The noise is made on the host, so that equal logits give equal ids on every backend. Its u has 32 bits: a class whose
 * chance is of the order of 2⁻³² is not drawn as often as it should be.
 * @throws ShapeError `reduce/empty` without classes, `axis/range` for a scalar
 * @see Maddison, Tarlow and Minka, "A* sampling", arXiv 1411.0030, section 2.
 * @example
 * const logits = tensor([[0.1, 0.2, 0.7], [1, 0, 0]]).log(); // log(0) = −∞
 * const ids = random.categorical(random.key(0), logits);
 * console.log(ids.shape, ids.dtype, ids.dataSync()[1]); // prints [ 2 ] int32 0
 */
export function categorical(from: Key, logits: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('random.categorical', arguments, 2);
  checkArgument('random.categorical', 'key', keyKind, from);
  checkFloat('random.categorical', logits);
  const axis = normalizeAxis('random.categorical', -1, logits.shape);
  if (logits.shape[axis] === 0) throw emptyReduction('random.categorical', logits);
  return runInScope('random.categorical', () =>
    argmax(add(stopGradient(logits), gumbel(from, logits.shape)), { axis }),
  );
}

/** The largest of n of these less log n is distributed as one of them: hence the softmax. */
function gumbel(from: Key, shape: Shape): Tensor {
  const noise = allocate('float32', sizeOf(shape), 'random.categorical');
  for (let i = 0; i < noise.length; i++) {
    if ((i & 3) === 0) philox(from, i >>> 2, 0, 0, gumbelStream, words);
    const u = ((words[i & 3] as number) + 0.5) * 2 ** -32; // never 0 or 1
    noise[i] = -Math.log(-Math.log(u));
  }
  return fromArray(noise, shape);
}

const words = new Uint32Array(4);

/** Keeps the noise apart from the other uses of one key. */
const gumbelStream = 5;
