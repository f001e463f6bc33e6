import { backend, setBackend, setThreads, wasmBackend } from 'floragrad';
import type { BackendName } from './contract';

/**
 * Set what computes, and say what it is, in one line for people. Never another one than was asked for.
 * @throws BackendError `gpu/unavailable`, `gpu/wrong-result`
 */
export async function openBackend(name: BackendName, threads: number): Promise<string> {
  if (name === 'wasm') {
    setBackend(wasmBackend({ build: 'baseline' })); // the same bits on every machine
    if (globalThis.crossOriginIsolated) await setThreads(threads);
  } else {
    const { gpu } = await import('floragrad/gpu');
    setBackend(await gpu({ mode: name }));
  }
  const said = backend().describe();
  return Object.entries(said)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ');
}
