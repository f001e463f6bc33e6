import { gpu } from '../gpu';
import { type Backend, referenceBackend, wasmBackend } from '../index';

/** What `--backend` chooses from. */
export const backends = {
  wasm: () => wasmBackend(),
  gpu: () => gpu(),
  reference: () => referenceBackend(),
} satisfies Record<string, () => Backend | Promise<Backend>>;

export type BackendName = keyof typeof backends;
export const backendNames = Object.keys(backends) as BackendName[];
