import { backend } from '../backend/current';
import { StateError } from '../base/errors';
import { callable, checkArgument, isThenable, refuseExtra } from '../base/options';
import { notATensor } from './kinds';
import type { Tensor } from './tensor';
import { forEachTensor, isTensor } from './tree';
import type { Value } from './value';

/**
 * Who frees a tensor (D3). Every value is born in the innermost open scope. When that closes, values that are returned
 * move to the enclosing scope, values that an outer tape has saved move to that tape's scope, and all others are freed
 * at once. What leaves the outermost scope becomes ordinary JavaScript memory.
 */
export class Scope {
  readonly values: Value[] = [];
  constructor(
    readonly name: string,
    readonly parent: Scope | null,
  ) {}
}

let current: Scope | null = null;

/** What a scope runs. */
export const thunk = callable<() => unknown>('without arguments');

export function currentScope(): Scope | null {
  return current;
}

/**
 * Run `fn` and free every tensor made inside that is not returned (in any nesting of arrays, records and modules) or
 * kept. `valueAndGrad`, every transform's `update` and `trainer.step` are scopes already.
 * @throws StateError `scope/async` when fn is async: its tensors would be freed before it had run
 */
export function scope<T>(fn: () => T): T {
  if (arguments.length > 1) refuseExtra('scope', arguments, 1);
  if (typeof fn !== 'function') checkArgument('scope', 'fn', thunk, fn);
  return runInScope('scope', fn);
}

export function runInScope<T>(name: string, fn: () => T): T {
  const inner = new Scope(name, current);
  const home = backend();
  const mark = home.enter();
  const survivors = new Set<Value>();
  current = inner;
  try {
    const result = fn();
    if (isThenable(result)) throw asyncScope(name);
    forEachTensor(result, ({ value }) => value.scope === inner && survivors.add(value));
    return result;
  } finally {
    current = inner.parent;
    close(inner, survivors);
    home.leave(mark);
  }
}

function close(closing: Scope, survivors: Set<Value>): void {
  for (const value of closing.values) {
    if (value.scope !== closing || value.freedBy !== null) continue; // moved away or freed early
    if (survivors.has(value)) move(value, closing.parent);
    else if (value.savedBy?.open && value.savedBy.scope !== closing) move(value, value.savedBy.scope);
    else free(value, closing.name);
  }
  closing.values.length = 0; // drop the references, in case something still holds this scope
}

/** A value that was just computed belongs to the innermost scope. */
export function adopt(value: Value): void {
  value.scope = current;
  current?.values.push(value);
}

function move(value: Value, to: Scope | null): void {
  value.scope = to;
  if (to) to.values.push(value);
  else value.backend.collectable(value.storage);
}

/** Free now, whatever the scope would do later; `by` appears in the message of a later use. */
export function free(value: Value, by: string): void {
  value.freedBy = by;
  value.scope = null;
  value.backend.free(value.storage);
}

/** Give a value of the innermost scope to one further out, which frees it in its place. */
export function moveTo(outer: Scope, value: Value): void {
  if (value.scope !== outer) move(value, outer);
}

/**
 * Take a tensor out of all scopes: it becomes ordinary JavaScript memory. Returns it.
 * @throws OptionError `arguments/tensor`
 * @throws StateError `scope/freed`
 */
export function keep(tensor: Tensor): Tensor {
  if (arguments.length > 1) refuseExtra('keep', arguments, 1);
  if (!isTensor(tensor)) throw notATensor('keep', tensor);
  const { value } = tensor;
  checkAlive('keep', value);
  if (value.scope) move(value, null);
  return tensor;
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

export function asyncScope(name: string, what = 'function'): StateError {
  return new StateError({
    code: 'scope/async',
    got: `${name} got a ${what} that returned a promise`,
    expected: 'a synchronous function, since a scope frees its tensors when the function returns',
    fix: 'return the tensors first and await their data outside',
  });
}
