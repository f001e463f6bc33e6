import { gpu } from '../gpu';
import { type Backend, referenceBackend, setBackend, setThreads, wasmBackend } from '../index';

/** What `--backend` chooses from. */
const backends = {
  wasm: () => wasmBackend(),
  gpu: () => gpu(),
  reference: () => referenceBackend(),
} satisfies Record<string, () => Backend | Promise<Backend>>;

export type BackendName = keyof typeof backends;

/** The backend that a process begins with. */
export const usualBackend = 'wasm';

export const backendNames = Object.keys(backends) as BackendName[];

/** What computes, as the options say; undefined threads are one for each core. */
export interface Machine {
  readonly backend?: BackendName | undefined;
  readonly threads?: number | undefined;
}

/** Compute there from now on. */
export async function useMachine({ backend = usualBackend, threads }: Machine): Promise<void> {
  if (backend !== usualBackend) setBackend(await backends[backend]());
  await setThreads(threads);
}
