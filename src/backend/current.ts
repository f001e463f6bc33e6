import type { Backend } from './backend';
import { wasmBackend } from './wasm';

let current: Backend | undefined;

/** The backend that new tensors and ops use. The default one is made at the first op that needs it. */
export function backend(): Backend {
  current ??= wasmBackend();
  return current;
}

/** The next one; `setBackend` checks first that no scope is open. */
export function replaceBackend(next: Backend): void {
  current = next;
}
