import { refuseExtra } from '../base/options';
import type { Backend } from './contract';
import { wasmBackend } from './wasm/backend';

let current: Backend | undefined;

/** The backend that new tensors and ops use. The default one is made at the first op that needs it. */
export function backend(): Backend {
  if (arguments.length > 0) refuseExtra('backend', arguments, 0, 'write setBackend(…) to choose another one');
  current ??= wasmBackend();
  return current;
}

/** The next one; `setBackend` checks first that no scope is open. */
export function replaceBackend(next: Backend): void {
  current = next;
}
