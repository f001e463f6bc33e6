import { backend } from '../backend/current';
import { StateError } from '../base/errors';
import { callable, checkArgument, isThenable, refuseExtra } from '../base/options';
import { notATensor } from './kinds';
import { checkAlive, giveTo, leaveScope, leaveToCollector, scopeOf } from './lifetime';
import type { Tensor } from './tensor';
import { forEachTensor, isTensor } from './tree';
import type { Value } from './value';

/**
 * Every value is made in the innermost open scope, which frees it when it closes; `lifetime.ts` has the exceptions. An op
 * that is called outside all scopes opens one for itself, so that its temporaries go and its result is ordinary memory.
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
  const mark = home.enter(); // copies of host arrays that are made on the device meanwhile go at `leave`
  const survivors = new Set<Value>();
  current = inner;
  try {
    const result = fn();
    if (isThenable(result)) throw asyncScope(name);
    forEachTensor(result, ({ value }) => value.owner === inner && survivors.add(value));
    return result;
  } finally {
    // Also after an exception: then nothing was returned, and all is freed that no outer tape needs.
    current = inner.parent;
    for (const value of inner.values) leaveScope(inner, value, survivors.has(value));
    inner.values.length = 0; // drop the references, in case something still holds this scope
    home.leave(mark);
  }
}

/** A value that was just computed belongs to the innermost scope. */
export function adopt(value: Value): void {
  if (current) giveTo(current, value);
}

/** Give a value of the innermost scope to one further out, which frees it in its place. */
export function moveTo(outer: Scope, value: Value): void {
  if (value.owner !== outer) giveTo(outer, value);
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
  if (scopeOf(value)) leaveToCollector(value);
  return tensor;
}

export function asyncScope(name: string, what = 'function'): StateError {
  return new StateError({
    code: 'scope/async',
    got: `${name} got a ${what} that returned a promise`,
    expected: 'a synchronous function, since a scope frees its tensors when the function returns',
    fix: 'return the tensors first and await their data outside',
  });
}
