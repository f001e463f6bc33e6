import { OptionError, ShapeError, StateError } from '../base/errors';
import { callable, checkArgument, inMessage, refuseExtra } from '../base/options';
import { sameShape, show } from '../base/shape';
import type { Write } from '../tensor/assign';
import { checkTensor } from '../tensor/check';
import { noGrad } from '../tensor/derivatives/no-grad';
import { isReplaying } from '../tensor/derivatives/replay';
import { reshape } from '../tensor/ops/movement/reshape';
import { moveTo, type Scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** A property of the tensor, as being frozen is. */
const buffers = new WeakSet<Tensor>();

/**
 * Mark a tensor of a module as state that is not trained, such as a running mean: it is no parameter, and belongs to
 * `model.state()`, which is what files hold. Returns the tensor. `updateBuffer` changes it.
 * @throws OptionError `arguments/tensor`
 * @example
 * class Centred extends Module {
 *   average = buffer(zeros([2]));
 *   forward(x: Tensor, { key }: ForwardOptions = {}): Tensor {
 *     if (!key) return sub(x, this.average); // no key: not a training pass
 *     const batch = mean(x, { axis: 0 });
 *     updateBuffer(this.average, (before) => add(mul(before, 0.9), mul(batch, 0.1)));
 *     return sub(x, batch);
 *   }
 * }
 * const model = new Sequential([new Centred(), new Linear(2, 1, { key: random.key(0) })]);
 * console.log(Object.keys(model.parameters())); // prints [ 'layers.1.weight', 'layers.1.bias' ]
 * console.log(Object.keys(model.state())); // prints [ 'layers.0.average', 'layers.1.weight', 'layers.1.bias' ]
 */
export function buffer(tensor: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('buffer', arguments, 1);
  checkTensor('buffer', tensor);
  buffers.add(tensor);
  return tensor;
}

export function isBuffer(tensor: Tensor): boolean {
  return buffers.has(tensor);
}

/**
 * In the forward pass of a step of training, give a buffer a new value, which it gets when the step has succeeded. Until
 * then all code reads the old one; several updates in one step build on each other: `update` gets what the one before
 * made. Nothing in it is recorded for derivatives.
 *
 * Everywhere else `update` is not even run: in an evaluation, when `remat` runs a layer for the second time, in a step
 * that throws. So a buffer moves once a step of a trainer, whatever a pass is made of.
 * @throws StateError `buffer/unmarked` for a tensor that `buffer` has not seen
 * @throws OptionError `buffer/tensor` if `update` returns no tensor
 * @throws ShapeError `buffer/shape` if it returns one of another shape or dtype
 */
export function updateBuffer(target: Tensor, update: (before: Tensor) => Tensor): void {
  if (arguments.length > 2) refuseExtra('updateBuffer', arguments, 2);
  checkTensor('updateBuffer', target);
  checkArgument('updateBuffer', 'update', updateKind, update);
  if (!isBuffer(target)) throw unmarked(target);
  if (current !== null && !isReplaying()) current.add(target, update);
}

const updateKind = callable('of the tensor as it is now that returns the new one');

let current: BufferUpdates | null = null;

/** What one step makes of the buffers. Made in the scope that owns the new values until they are assigned. */
export class BufferUpdates {
  private readonly latest = new Map<Tensor, Tensor>();
  constructor(private readonly home: Scope) {}

  /** Collect the updates that are made while `fn` runs. */
  during<T>(fn: () => T): T {
    const outer = current;
    current = this;
    try {
      return fn();
    } finally {
      current = outer;
    }
  }

  add(target: Tensor, update: (before: Tensor) => Tensor): void {
    const next = noGrad(() => {
      const made: unknown = update(this.latest.get(target) ?? target);
      if (!isTensor(made)) throw notATensor(made);
      if (!sameShape(made.shape, target.shape) || made.dtype !== target.dtype) throw otherShape(target, made);
      return reshape(made, made.shape); // of its own: what it returned may be on a tape
    });
    moveTo(this.home, next.value);
    this.latest.set(target, next);
  }

  get writes(): Write[] {
    return [...this.latest];
  }
}

function notATensor(x: unknown): OptionError {
  return new OptionError({
    code: 'buffer/tensor',
    got: `updateBuffer got a function that returned ${inMessage(x)}`,
    expected: 'a tensor',
    fix: 'make one with tensor(…) or zeros(…)',
  });
}

function unmarked(target: Tensor): StateError {
  return new StateError({
    code: 'buffer/unmarked',
    got: `updateBuffer got ${target.value}, which is not a buffer`,
    expected: 'a tensor that buffer(t) has marked',
    fix: 'mark it where the module makes it: this.mean = buffer(zeros([8]))',
  });
}

function otherShape(target: Tensor, made: Tensor): ShapeError {
  const what = ({ shape, dtype }: Tensor): string => `${show(shape)} of dtype ${dtype}`;
  return new ShapeError({
    code: 'buffer/shape',
    got: `updateBuffer got a buffer ${what(target)} and the new value ${what(made)}`,
    expected: 'equal shapes and dtypes',
    fix: 'reduce over the axes of the batch; cast back to int32 where the buffer is int32',
  });
}
