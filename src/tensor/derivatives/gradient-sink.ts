import { StateError } from '../../base/errors';
import { type Node, readBy, type Step, whileReading } from '../tape';
import type { Tensor } from '../tensor';
import type { Value } from '../value';

/**
 * Takes the gradient of one parameter during the backward pass. The gradient is freed when the sink returns, unless it
 * was kept or assigned; the sink may assign to the parameter.
 */
export type GradientSink<Path extends string = string> = (path: Path, gradient: Tensor) => void;

/** Which parameters the rest of a backward pass still reads: the others have their whole gradient. */
export class Readers {
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

/**
 * Run a pullback that must not read what the sink has assigned since the step was recorded. Steps say what they read;
 * a vjp that closes over a parameter does not.
 * @throws StateError `grad/sink-assigned`
 */
export function refusing<T>(assigned: ReadonlySet<Value>, step: Step, pullBack: () => T): T {
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
