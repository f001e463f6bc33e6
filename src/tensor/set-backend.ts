import type { Backend } from '../backend/backend';
import { backend, replaceBackend } from '../backend/current';
import { StateError } from '../base/errors';
import { currentScope } from './scope';

/**
 * Use another backend from now on. Tensors stay with the backend that made them; mixing two is an error.
 * @throws StateError `backend/in-scope` inside a scope, which frees its tensors on the backend it began with
 */
export function setBackend(next: Backend): void {
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
