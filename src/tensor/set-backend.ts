import type { Backend } from '../backend/contract';
import { backend, replaceBackend } from '../backend/current';
import { StateError } from '../base/errors';
import { checkArgument, isThenable, type Kind, kindOf, refuseExtra } from '../base/options';
import { currentScope } from './scope';

/**
 * Use another backend from now on. Tensors stay with the backend that made them; mixing two is an error.
 * @throws StateError `backend/in-scope` inside a scope, which frees its tensors on the backend it began with
 */
export function setBackend(next: Backend): void {
  if (arguments.length > 1) refuseExtra('setBackend', arguments, 1);
  checkArgument('setBackend', 'next', backendKind, next);
  const open = currentScope();
  if (open) {
    throw new StateError({
      code: 'backend/in-scope',
      got: `setBackend was called inside the scope ${open.name}, which runs on ${backend().name}`,
      expected: 'no open scope',
      fix: 'choose the backend before the scope begins',
    });
  }
  replaceBackend(next);
}

const backendKind: Kind<Backend> = {
  ...kindOf<Backend>('a backend', isBackend, 'arguments/backend'),
  fix: (value) =>
    isThenable(value)
      ? 'write setBackend(await gpu())'
      : 'write setBackend(wasmBackend()), setBackend(referenceBackend()) or setBackend(await gpu())',
};

/** Checks for a few members that every backend has, so that a user's own backend passes too. */
function isBackend(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { describe, memory, fromHost, free } = value as Record<string, unknown>;
  return [describe, memory, fromHost, free].every((member) => typeof member === 'function');
}
