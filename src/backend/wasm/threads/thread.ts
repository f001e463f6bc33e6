// What runs in each worker of the pool, compiled to a string by scripts/build-thread.mjs. It takes calls of kernels from
// a table in shared memory, one after the other, in competition with the main thread, and sleeps when there are none.
import { type ThreadStart, ThreadTable } from './table';

/** Reads of a cell before a worker goes to sleep, some 150 µs: within a training step the next calls come sooner. */
const patience = 40_000;

interface Port {
  onmessage: ((event: { data: ThreadStart }) => void) | null;
  postMessage(message: string): void;
}
interface Scope extends Port {
  process?: { getBuiltinModule?(name: string): { parentPort: Port | null } };
}

const scope = globalThis as unknown as Scope;
const port = scope.process?.getBuiltinModule?.('node:worker_threads').parentPort ?? scope;

port.onmessage = ({ data }) => {
  const { module, memory, control, names, workspace } = data;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name] as (...numbers: number[]) => number);
  (exports.setWorkspace as (at: number) => void)(workspace);
  const table = new ThreadTable(control, kernels);
  port.postMessage('ready');
  for (;;) {
    table.waitForRound(patience);
    table.work();
  }
};
