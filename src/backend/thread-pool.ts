import { BackendError } from '../base/errors';
import { threadSource } from './generated/thread-source';
import { cells, columns, firstOf, rows, type ThreadStart } from './thread-table';
import type { KernelName, Kernels, WasmModule } from './wasm-module';

/** Workers with instances of the same kernels over the same memory. The main thread works along with them. */
export class ThreadPool {
  /** Like the kernels themselves, but each call is only written down, for `run`. */
  readonly later: Kernels;
  private readonly state: Int32Array;
  private readonly table: Float64Array;
  private written = 0;
  private round = 0;

  private constructor(
    private readonly kernels: Kernels,
    private readonly names: readonly KernelName[],
    control: SharedArrayBuffer,
    private readonly workers: readonly Thread[],
  ) {
    this.state = new Int32Array(control, 0, cells.count);
    this.table = new Float64Array(control, cells.bytes);
    this.later = Object.fromEntries(
      names.map((name, index) => [name, (...numbers: number[]) => this.write(index, numbers)]),
    ) as Kernels;
  }

  /** Threads in all, with the main one. */
  get size(): number {
    return this.workers.length + 1;
  }

  /**
   * Start a worker for each workspace.
   * @throws Error what the platform says when it refuses workers
   */
  static async start({ kernels, module, memory }: WasmModule, workspaces: readonly number[]): Promise<ThreadPool> {
    const control = new SharedArrayBuffer(cells.bytes + rows * columns * Float64Array.BYTES_PER_ELEMENT);
    const names = Object.keys(kernels) as KernelName[];
    const workers = workspaces.map(() => newThread(threadSource));
    try {
      await Promise.all(
        workers.map((worker, i) =>
          worker.start({ module, memory, control, names, workspace: workspaces[i] as number } satisfies ThreadStart),
        ),
      );
    } catch (error) {
      for (const worker of workers) worker.stop();
      throw error;
    }
    return new ThreadPool(kernels, names, control, workers);
  }

  stop(): void {
    for (const worker of this.workers) worker.stop();
  }

  private write(kernel: number, numbers: readonly number[]): number {
    const row = this.written * columns;
    this.table[row] = kernel;
    this.table[row + 1] = numbers.length;
    this.table.set(numbers, row + 2);
    this.written += 1;
    return 0;
  }

  /** Make the calls that were written down, in any order and on any thread, and return when all have ended. */
  run(): void {
    const { state } = this;
    const calls = this.written;
    this.written = 0;
    this.round = (this.round + 1) & 0x3fffff;
    const first = firstOf(this.round);
    Atomics.store(state, cells.done, 0);
    // The end before the first: a worker that still counts up the last round's numbers then sees that they are past.
    Atomics.store(state, cells.end, first + calls);
    Atomics.store(state, cells.next, first);
    if (Atomics.load(state, cells.asleep) > 0) Atomics.notify(state, cells.end);
    for (let part = Atomics.add(state, cells.next, 1); part < first + calls; part = Atomics.add(state, cells.next, 1)) {
      this.call(part - first);
      Atomics.add(state, cells.done, 1);
    }
    while (Atomics.load(state, cells.done) < calls);
    if (Atomics.load(state, cells.failed) !== 0) throw trapped();
  }

  private call(part: number): void {
    const row = part * columns;
    const numbers = this.table.subarray(row + 2, row + 2 + (this.table[row + 1] as number));
    this.kernels[this.names[this.table[row] as number] as KernelName](...numbers);
  }
}

/** A worker of Node or of a browser. */
interface Thread {
  /** Resolves when it is ready. */
  start(message: ThreadStart): Promise<void>;
  stop(): void;
}

interface NodeWorker {
  on(event: 'message' | 'error', listener: (value: unknown) => void): void;
  postMessage(message: unknown): void;
  unref(): void;
  terminate(): Promise<number>;
}
interface NodeThreads {
  readonly Worker: new (source: string, options: { eval: true }) => NodeWorker;
}
interface NodeProcess {
  getBuiltinModule?(name: 'node:worker_threads'): NodeThreads;
}

/** Node's module is asked for at run time, so that bundles for browsers need not know of it. */
function newThread(source: string): Thread {
  const { process } = globalThis as { process?: NodeProcess };
  const node = process?.getBuiltinModule?.('node:worker_threads');
  return node ? nodeThread(new node.Worker(source, { eval: true })) : pageThread(source);
}

function nodeThread(worker: NodeWorker): Thread {
  return {
    start: (message) =>
      new Promise<void>((resolve, reject) => {
        worker.on('message', () => resolve());
        worker.on('error', reject);
        worker.postMessage(message);
      }).finally(() => worker.unref()), // from here on it does not keep the process alive
    stop: () => void worker.terminate(),
  };
}

function pageThread(source: string): Thread {
  const url = URL.createObjectURL(new Blob([source]));
  const worker = new Worker(url);
  return {
    start: (message) =>
      new Promise<void>((resolve, reject) => {
        worker.onmessage = () => resolve();
        worker.onerror = (event) => reject(new Error(event.message || 'the page does not allow workers from blobs'));
        worker.postMessage(message);
      }).finally(() => URL.revokeObjectURL(url)),
    stop: () => worker.terminate(),
  };
}

function trapped(): BackendError {
  return new BackendError({
    code: 'backend/trap',
    got: 'a kernel on a worker thread stopped with a fault',
    expected: 'every kernel to end',
    fix: 'report this with the operation and its shapes; setThreads(1) shows where it happens',
  });
}
