import { StateError } from '../base/errors';
import type { Scope } from './scope';
import type { Tape } from './tape';
import type { Value } from './value';

/**
 * What owns a value and will free it. The garbage collector does not see the memory of a WebAssembly module or a GPU, so
 * something else must free what lies there, and at any time exactly one owner will. A value has one of four fates (D3):
 *
 * | fate            | owner       | freed by                                | how a value gets there                          |
 * |-----------------|-------------|-----------------------------------------|-------------------------------------------------|
 * | in a scope      | the scope   | the scope when it closes, or before by  | made inside; returned by a scope inside; saved  |
 * |                 |             | the backward pass that read it last     | for a tape of this scope                        |
 * | ordinary memory | 'collector' | the garbage collector                   | made outside scopes; returned by the outermost; |
 * |                 |             |                                         | `keep`                                          |
 * | resident        | 'tensor'    | the next assignment to its tensor, or a | `assign`                                        |
 * |                 |             | finalizer when the tensor is dropped    |                                                 |
 * | freed           | null        | what `freedBy` says                     | `free`                                          |
 *
 * Only the functions of this file write `owner`, `freedBy` and `savedBy`, which are readonly everywhere else.
 */
export type Owner = Scope | 'collector' | 'tensor' | null;

type Fate = { -readonly [Field in 'owner' | 'freedBy' | 'savedBy']: Value[Field] };

/** The scope that a value is in; null: it has another owner. */
export function scopeOf({ owner }: Value): Scope | null {
  return typeof owner === 'object' ? owner : null;
}

/** From now on the scope frees the value. */
export function giveTo(scope: Scope, value: Value): void {
  const fate: Fate = value;
  fate.owner = scope;
  scope.values.push(value);
}

/** From now on the value is ordinary memory: on a device that the collector does not see, it moves to a host array. */
export function leaveToCollector(value: Value): void {
  const fate: Fate = value;
  fate.owner = 'collector';
  value.backend.collectable(value.storage);
}

/** From now on the value belongs to a tensor that is assigned to, until `retire`. */
export function makeOwned(value: Value): void {
  const fate: Fate = value;
  fate.owner = 'tensor';
}

/** Free now, whatever the owner would do later; `by` appears in the message of a later use. */
export function free(value: Value, by: string): void {
  const fate: Fate = value;
  fate.freedBy = by;
  fate.owner = null;
  value.backend.free(value.storage);
}

/**
 * What becomes of a value when its scope closes: a returned one moves to the scope outside, or becomes ordinary memory
 * where there is none; one that an open tape of an outer scope needs moves there; every other is freed.
 */
export function leaveScope(closing: Scope, value: Value, returned: boolean): void {
  if (value.owner !== closing) return; // it has got another owner, or was freed early
  if (returned && closing.parent) giveTo(closing.parent, value);
  else if (returned) leaveToCollector(value);
  else if (value.savedBy?.open && value.savedBy.scope !== closing) giveTo(value.savedBy.scope, value);
  else free(value, closing.name);
}

/** A tape needs the value for its backward pass. Of several tapes the outermost counts: it needs it longest. */
export function saveFor(tape: Tape, value: Value): void {
  const fate: Fate = value;
  if (!value.savedBy?.open || value.savedBy.depth > tape.depth) fate.savedBy = tape;
}

/** The backward pass of a tape needs the value no more: free it early, unless another tape or owner has it. */
export function release(tape: Tape, value: Value): void {
  const needed = value.savedBy?.open && value.savedBy !== tape;
  if (value.owner === tape.scope && !needed) free(value, 'the backward pass');
}

/** A resident value that lost its tensor to another value lives on only as long as a tape needs it. */
export function retire(value: Value): void {
  if (value.savedBy?.open) giveTo(value.savedBy.scope, value);
  else free(value, 'an assignment that replaced it');
}

/** @throws StateError `scope/freed` */
export function checkAlive(where: string, value: Value): void {
  if (value.freedBy === null) return;
  throw new StateError({
    code: 'scope/freed',
    got: `${where} got ${value}, which was freed by ${value.freedBy}`,
    expected: 'a live tensor',
    fix: 'return it from the scope (valueAndGrad also takes { loss, aux }), or keep(t) it',
  });
}
