import { gpu } from '../gpu';
import { type Backend, referenceBackend, setBackend, setThreads, wasmBackend } from '../index';

/** What `--backend` chooses from. */
export const backends = {
  wasm: () => wasmBackend(),
  gpu: () => gpu(),
  reference: () => referenceBackend(),
} satisfies Record<string, () => Backend | Promise<Backend>>;

export type BackendName = keyof typeof backends;
export const backendNames = Object.keys(backends) as BackendName[];

/** What computes, as the options say; undefined threads are one for each core. */
export interface Machine {
  readonly backend?: BackendName | undefined;
  readonly threads?: number | undefined;
}

/** Compute there from now on. The backend that a process begins with is already there. */
export async function useMachine({ backend = 'wasm', threads }: Machine): Promise<void> {
  if (backend !== 'wasm') setBackend(await backends[backend]());
  await setThreads(threads);
}
