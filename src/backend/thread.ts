// What runs in each worker of the pool, compiled to a string by scripts/build-thread.mjs. It takes calls of kernels from
// a table in shared memory, one after the other, in competition with the main thread, and sleeps when there are none.
import { cells, columns, partOf, roundOf, type ThreadStart } from './thread-table';

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
  const state = new Int32Array(control, 0, cells.count);
  const table = new Float64Array(control, cells.bytes);
  port.postMessage('ready');
  serve(state, table, kernels);
};

function serve(state: Int32Array, table: Float64Array, kernels: readonly ((...numbers: number[]) => number)[]): never {
  let seen = Atomics.load(state, cells.end);
  for (;;) {
    seen = nextRound(state, seen);
    for (;;) {
      const part = Atomics.add(state, cells.next, 1);
      const end = Atomics.load(state, cells.end);
      // A worker that comes late finds the next round's end, and takes nothing with a number of the last one.
      if (roundOf(part) !== roundOf(end) || part >= end) break;
      const row = partOf(part) * columns;
      const count = table[row + 1] as number;
      const kernel = kernels[table[row] as number] as (...numbers: number[]) => number;
      try {
        kernel(...table.subarray(row + 2, row + 2 + count));
      } catch {
        Atomics.store(state, cells.failed, 1);
      }
      Atomics.add(state, cells.done, 1);
    }
  }
}

/** Wait until there are other calls than `seen`. */
function nextRound(state: Int32Array, seen: number): number {
  for (let i = 0; i < patience; i++) {
    const end = Atomics.load(state, cells.end);
    if (end !== seen) return end;
  }
  Atomics.add(state, cells.asleep, 1);
  Atomics.wait(state, cells.end, seen);
  Atomics.sub(state, cells.asleep, 1);
  return Atomics.load(state, cells.end);
}
