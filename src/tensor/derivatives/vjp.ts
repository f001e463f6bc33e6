import { ShapeError, StateError } from '../../base/errors';
import { callable, checkArgument, inMessage, isThenable, type Kind, refuseExtra } from '../../base/options';
import { sameShape, show } from '../../base/shape';
import { inPhase } from '../inspect/profile';
import { asTensor, checkFloat } from '../op';
import { zeros } from '../ops/create';
import { clone } from '../ops/movement/clone';
import { asyncScope, currentScope, runInScope, type Scope } from '../scope';
import { recordingTapes, recordOn, Tape } from '../tape';
import type { Tensor } from '../tensor';
import { trackOf, unwatch, watch } from '../track';
import { isTensor } from '../tree';
import type { Value } from '../value';
import { apart, type Differentiable, type GradientOf, leavesOf, structured } from './arguments';
import { walkBack } from './walk';

/** The value of a function, and the way back from it. */
export interface Pullback<Xs extends readonly Differentiable[]> {
  /** f(…xs) */
  readonly value: Tensor;
  /**
   * Cotangent of the value, of its shape → the gradients of ⟨cotangent, f⟩, one for each argument in its structure. It may
   * be called any number of times, inside the scope that `vjp` was called in.
   * @throws ShapeError `vjp/cotangent`
   * @throws StateError `vjp/over` after that scope, or after an assignment to a parameter that f has read
   */
  pull(cotangent: Tensor): { readonly [I in keyof Xs]: GradientOf<Xs[I]> };
}

/**
 * Vector-Jacobian products of a function of tensors, or of arrays and records of them, whose value has any shape: f runs
 * once, and each `pull` is one backward pass. What f has computed stays in memory for that, until the scope around the call
 * closes, or, outside of all scopes, as long as `pull` can be reached.
 * @throws OptionError `arguments/tensor`
 * @throws ShapeError `derivative/output` when f does not return a float32 tensor
 * @example
 * const { value, pull } = vjp((a: Tensor, b: Tensor) => mul(a, b), tensor([1, 2]), tensor([3, 4]));
 * const [a, b] = pull(tensor([1, 10]));
 * console.log(await value.array(), await a.array(), await b.array()); // prints [ 3, 8 ] [ 3, 40 ] [ 1, 20 ]
 */
export function vjp<Xs extends readonly Differentiable[]>(f: (...xs: Xs) => Tensor, ...xs: Xs): Pullback<Xs> {
  const { value, pull } = pullback('vjp', f as (...xs: readonly unknown[]) => Tensor, xs);
  // The compiler gives up on comparing gradients in the structure of arguments that are not known yet.
  const made: unknown = {
    value,
    pull(cotangent: Tensor) {
      if (arguments.length > 1) refuseExtra('pull', arguments, 1);
      return runInScope('vjp', () => structured(xs, pull(cotangent).values()));
    },
  };
  return made as Pullback<Xs>;
}

/** A function whose value has any shape; what it returns is seen when it is called. */
export const ofTensors: Kind<unknown> = callable('that returns a tensor');

/** `vjp` for the function that the user called; the gradients are those of `leavesOf` the arguments. */
export function pullback(
  where: string,
  f: (...xs: readonly unknown[]) => Tensor,
  given: readonly unknown[],
): { value: Tensor; pull(cotangent: Tensor): Tensor[] } {
  checkArgument(where, 'f', ofTensors, f);
  const { value, recorded } = runInScope(where, () => {
    const xs = apart(where, given, [...given.keys()]);
    const record = new Record(where, leavesOf(where, xs), () => f(...xs));
    // The user's tensor is not the output on the tape, so that nothing else watches that one. What a scope returns lives
    // on: the tensors that the record needs are named here, and a function hides the record itself.
    return { value: clone(asTensor(record.output)), kept: record.values().map(asTensor), recorded: () => record };
  });
  return {
    value,
    pull(cotangent) {
      checkFloat('pull', cotangent);
      if (!sameShape(cotangent.shape, value.shape)) throw otherCotangent(cotangent, value);
      return runInScope(where, () => recorded().pull(cotangent));
    },
  };
}

/** A tape that is walked back more than once. */
class Record {
  private readonly tape: Tape;
  private readonly watched: readonly Value[];
  readonly output: Value;

  constructor(where: string, inputs: readonly Tensor[], f: () => Tensor) {
    this.tape = new Tape(currentScope() as Scope, recordingTapes().length);
    this.watched = inputs.map(({ value }) => value);
    this.output = this.during(() => checkOutput(where, recordOn(this.tape, f))).value;
  }

  /** What a walk back reads. */
  values(): Value[] {
    const all = new Set([this.output, ...this.watched]);
    for (const { step } of this.tape.nodes) {
      for (const value of [...step.inputs, step.output, ...step.saved, ...(step.constants ?? [])]) all.add(value);
    }
    return [...all];
  }

  pull(cotangent: Tensor): Tensor[] {
    const gone = this.values().find(({ freedBy }) => freedBy !== null);
    if (gone) throw over(gone);
    const { tape } = this;
    const nodes = [...tape.nodes];
    return this.during(() => {
      try {
        inPhase('backward', null, () => walkBack(tape, asTensor(this.output), cotangent));
        return this.watched.map((value) => trackOf(tape, value)?.cotangent ?? zeros(value.shape));
      } finally {
        tape.nodes.length = 0; // the walk has taken them, or some of them
        for (const node of nodes) {
          node.track.cotangent = null;
          tape.nodes.push(node);
        }
      }
    });
  }

  /** The tape is open while it is at work: at other times nothing has to be kept for it, and no argument refers to it. */
  private during<T>(fn: () => T): T {
    const { tape, watched } = this;
    tape.open = true;
    try {
      for (const value of watched) watch(tape, value);
      return fn();
    } finally {
      tape.open = false;
      unwatch(tape, watched);
    }
  }
}

function checkOutput(where: string, returned: unknown): Tensor {
  if (isThenable(returned)) throw asyncScope(where);
  if (isTensor(returned) && returned.dtype === 'float32') return returned;
  throw new ShapeError({
    code: 'derivative/output',
    got: `${where} got ${isTensor(returned) ? `a tensor of dtype ${returned.dtype}` : inMessage(returned)} from f`,
    expected: 'a float32 tensor, of any shape',
    fix: 'return one tensor; concat several into one',
  });
}

function otherCotangent(cotangent: Tensor, value: Tensor): ShapeError {
  return new ShapeError({
    code: 'vjp/cotangent',
    got: `pull got a cotangent ${show(cotangent.shape)} for a value ${show(value.shape)}`,
    expected: 'a cotangent of the shape of the value',
    fix: 'pass ones(value.shape) for the gradient of the sum',
  });
}

function over(gone: Value): StateError {
  return new StateError({
    code: 'vjp/over',
    got: `pull got to ${gone}, which was freed by ${gone.freedBy}`,
    expected: 'a call in the scope that vjp was called in, before its arguments are assigned to',
    fix: 'call pull earlier, or vjp outside of the scope',
  });
}
