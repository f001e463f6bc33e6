import { StateError } from '../../base/errors';
import { isThenable } from '../../base/options';
import { release } from '../lifetime';
import { ones, zeros } from '../ops/create';
import { whileReading } from '../reads';
import { asyncScope, runInScope } from '../scope';
import type { Node, Step } from '../tape';
import type { Tensor } from '../tensor';
import { type Track, trackOf } from '../track';
import type { Value } from '../value';
import { type Evaluated, type Loss, recordLoss } from './record-loss';
import { walkBack } from './walk';

/**
 * Takes the gradient of one parameter during the backward pass. The gradient is freed when the sink returns, unless it
 * was kept or assigned; the sink may assign to the parameter.
 */
export type GradientSink<Path extends string = string> = (path: Path, gradient: Tensor) => void;

/** Give each gradient away when it is complete, and free it together with the old values of what was assigned. */
export function differentiateInto(
  sink: (target: number, gradient: Tensor) => void,
  f: () => Loss,
  targets: readonly Tensor[],
): Evaluated {
  return recordLoss('valueAndGrad', f, targets, ({ tape, watched, loss, survivors }) => {
    const readers = new Readers(watched, tape.nodes);
    const waiting = new Set(watched);
    const assigned = new Set<Value>();
    const give = (value: Value): void => {
      waiting.delete(value);
      const leaf = trackOf(tape, value) as Track;
      const gradient = leaf.cotangent ?? zeros(value.shape);
      leaf.cotangent = null;
      for (const [i, target] of targets.entries()) {
        if (watched[i] !== value) continue;
        const before = target.value; // another name of the parameter may be assigned already, or f has done it
        runInScope('sink', () => checkSynchronous(sink(i, gradient)));
        if (target.value !== before) assigned.add(target.value);
      }
      release(tape, gradient.value);
      if (!survivors.has(value)) release(tape, value);
    };
    walkBack(tape, loss, ones(loss.shape), survivors, {
      around: (step, pullBack) => refusing(assigned, step, pullBack),
      after: (step) => readers.after(step).forEach(give),
    });
    for (const value of waiting) give(value); // nothing has read these
    return {};
  });
}

/** Which parameters the rest of a backward pass still reads: the others have their whole gradient. */
class Readers {
  /** Steps to come that read each parameter. */
  private readonly steps: Map<Value, number>;

  constructor(parameters: readonly Value[], nodes: readonly Node[]) {
    this.steps = new Map(parameters.map((value) => [value, 0]));
    for (const { step } of nodes) {
      for (const value of readBy(step)) {
        const known = this.steps.get(value);
        if (known !== undefined) this.steps.set(value, known + 1);
      }
    }
  }

  /** The parameters that this step, now done, was the last to read. */
  after(step: Step): Value[] {
    const done: Value[] = [];
    for (const value of readBy(step)) {
      const left = (this.steps.get(value) ?? 0) - 1;
      if (left >= 0) this.steps.set(value, left);
      if (left === 0) done.push(value);
    }
    return done;
  }
}

/** The values from before a step that its pullback may look at. */
function readBy({ inputs, constants = [] }: Step): Set<Value> {
  return new Set([...inputs, ...constants]);
}

/**
 * Run a pullback that must not read what the sink has assigned since the step was recorded. Steps say what they read;
 * a vjp that closes over a parameter does not.
 * @throws StateError `grad/sink-assigned`
 */
function refusing<T>(assigned: ReadonlySet<Value>, step: Step, pullBack: () => T): T {
  if (assigned.size === 0) return pullBack();
  return whileReading((value) => {
    if (assigned.has(value)) throw readTooLate(step, value);
  }, pullBack);
}

function readTooLate(step: Step, value: Value): StateError {
  return new StateError({
    code: 'grad/sink-assigned',
    got: `the backward pass of ${step.name} read ${value}, which the gradient sink has assigned since`,
    expected: 'a vjp that finds what it needs in its arguments and in what forward has saved',
    fix: 'return the tensor among what forward saves, or leave out the sink',
  });
}

function checkSynchronous(returned: unknown): void {
  if (isThenable(returned)) throw asyncScope('valueAndGrad', 'sink');
}
