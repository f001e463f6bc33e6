import type { Backend } from './backend';
import { wasmBackend } from './wasm';

let current: Backend | undefined;

/** The backend that new tensors and ops use. The default one is made at the first op that needs it. */
export function backend(): Backend {
  current ??= wasmBackend();
  return current;
}

/** Use another backend from now on. Tensors stay with the backend that made them; mixing two is an error. */
export function setBackend(next: Backend): void {
  current = next;
}
