import { ShapeError } from '../../base/errors';
import { isThenable } from '../../base/options';
import { show } from '../../base/shape';
import { inPhase } from '../inspect/profile';
import { checkFloat } from '../op';
import { asyncScope, currentScope, runInScope, type Scope } from '../scope';
import { recordingTapes, recordOn, Tape } from '../tape';
import type { Tensor } from '../tensor';
import { trackOf, watch } from '../track';
import { forEachTensor, isTensor } from '../tree';
import type { Value } from '../value';

/** What a differentiated function returns: the loss, and anything else that leaves the scope alive. */
export interface Evaluated {
  /** The loss, as the function returned it. */
  readonly value: Tensor;
  /** What the function returned as `aux`, with its tensors alive. */
  readonly aux?: unknown;
}

/** A scalar to differentiate, alone or with anything else that leaves the scope alive. */
export type Loss =
  | Tensor
  | {
      /** The scalar. */
      loss: Tensor;
      /** Arrays, records and modules are searched for tensors. */
      aux?: unknown;
    };

/** What a forward pass left: the tape, the values to differentiate with respect to, and what outlives the walk. */
interface Recording {
  readonly tape: Tape;
  readonly watched: readonly Value[];
  readonly loss: Tensor;
  readonly survivors: ReadonlySet<Value>;
}

/**
 * Evaluate f on a tape that lives until `walk` is through with it, in a scope that frees all but what is returned. The tape
 * records while f runs and no longer: the walk is not recorded on it, only on the tapes around, if there are any.
 */
export function recordLoss<R extends object>(
  where: string,
  f: () => Loss,
  targets: readonly Tensor[],
  walk: (recording: Recording) => R,
): Evaluated & R {
  checkFloat(where, ...targets);
  const watched = targets.map((target) => target.value); // before f can assign to them
  return runInScope(where, () => {
    const tape = new Tape(currentScope() as Scope, recordingTapes().length);
    try {
      for (const value of watched) if (!trackOf(tape, value)) watch(tape, value);
      const { loss, aux } = lossAndAux(where, recordOn(tape, f));
      const survivors = new Set<Value>([loss.value]);
      forEachTensor(aux, (tensor) => survivors.add(tensor.value));
      const walked = inPhase('backward', null, () => walk({ tape, watched, loss, survivors }));
      return { value: loss, ...walked, ...(aux !== undefined && { aux }) };
    } finally {
      tape.close(watched);
    }
  });
}

/** What the function returned, checked: JavaScript callers can return anything. */
function lossAndAux(where: string, returned: unknown): { loss: Tensor; aux: unknown } {
  if (isThenable(returned)) throw asyncScope(where);
  const { loss, aux } = isTensor(returned) ? { loss: returned, aux: undefined } : ((returned ?? {}) as Evaluation);
  if (isTensor(loss) && loss.size === 1 && loss.dtype === 'float32') return { loss, aux };
  throw new ShapeError({
    code: 'grad/scalar',
    got: `${where} got a loss ${isTensor(loss) ? `${show(loss.shape)} of dtype ${loss.dtype}` : typeof loss}`,
    expected: 'a single float32 number',
    fix: 'return a tensor and reduce it, for example with mean(loss)',
  });
}

type Evaluation = { readonly loss?: unknown; readonly aux?: unknown };
