import { BackendError } from '../../../base/errors';
import type { Kernels } from '../generated/kernels';
import { threadSource } from '../generated/thread-source';
import type { WasmModule } from '../module';
import { controlBytes, type ThreadStart, ThreadTable } from './table';

/**
 * Workers with instances of the same kernels over the same memory, so that no operand is sent or copied. The main thread
 * works along with them.
 */
export class ThreadPool {
  /** Like the kernels themselves, but each call is only written down. */
  private readonly later: Kernels;
  private written = 0;

  private constructor(
    names: readonly (keyof Kernels)[],
    private readonly table: ThreadTable,
    private readonly workers: readonly Thread[],
  ) {
    this.later = Object.fromEntries(
      names.map((name, kernel) => [name, (...numbers: number[]) => this.write(kernel, numbers)]),
    ) as unknown as Kernels;
  }

  /** Threads in all, with the main one. */
  get size(): number {
    return this.workers.length + 1;
  }
  /** Workers that sleep now; they do soon after the last round. */
  get asleep(): number {
    return this.table.asleep;
  }

  /**
   * Start a worker for each workspace.
   * @throws Error what the platform says when it refuses workers
   */
  static async start({ kernels, module, memory }: WasmModule, workspaces: readonly number[]): Promise<ThreadPool> {
    const control = new SharedArrayBuffer(controlBytes);
    const names = Object.keys(kernels) as (keyof Kernels)[];
    const workers: Thread[] = [];
    try {
      for (const _ of workspaces) workers.push(newThread(threadSource));
      await Promise.all(
        workers.map((worker, i) =>
          worker.start({ module, memory, control, names, workspace: workspaces[i] as number } satisfies ThreadStart),
        ),
      );
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.stop()));
      throw error;
    }
    const ownKernels = names.map((name) => kernels[name]);
    return new ThreadPool(names, new ThreadTable(control, ownKernels), workers);
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  /**
   * Make the calls that `write` makes, in any order and on any thread, and return when all have ended.
   * @throws BackendError `backend/trap`
   */
  run(write: (later: Kernels) => void): void {
    this.written = 0; // those of a `write` that threw are not made
    write(this.later);
    const calls = this.written;
    this.table.publish(calls);
    this.table.work();
    if (!this.table.join(calls)) throw trapped();
  }
  private write(kernel: number, numbers: readonly number[]): number {
    this.table.write(this.written, kernel, numbers);
    this.written += 1;
    return 0;
  }
}

/** A worker of Node or of a browser. */
interface Thread {
  /** Resolves when it is ready. */
  start(message: ThreadStart): Promise<void>;
  /** Resolves when it is gone, so far as the platform says. */
  stop(): Promise<unknown>;
}

interface NodeWorker {
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void;
  postMessage(message: unknown): void;
  unref(): void;
  terminate(): Promise<number>;
}
interface NodeThreads {
  readonly Worker: new (source: string, options: { eval: true; execArgv: [] }) => NodeWorker;
}
interface NodeProcess {
  getBuiltinModule?(name: 'node:worker_threads'): NodeThreads;
}

/** Node's module is asked for at run time, so that bundles for browsers need not know of it. */
function newThread(source: string): Thread {
  const { process } = globalThis as { process?: NodeProcess };
  const node = process?.getBuiltinModule?.('node:worker_threads');
  // Without the arguments of this process: what it loads first, such as a compiler, a worker has no use for.
  return node ? nodeThread(new node.Worker(source, { eval: true, execArgv: [] })) : pageThread(source);
}

function nodeThread(worker: NodeWorker): Thread {
  return {
    start: (message) =>
      new Promise<void>((resolve, reject) => {
        worker.on('message', () => resolve());
        worker.on('error', reject); // after the start it changes nothing: others make the calls that it would have taken
        worker.on('exit', () => reject(new Error('a worker ended before it began')));
        worker.postMessage(message);
      }).finally(() => worker.unref()), // from here on it does not keep the process alive
    stop: () => worker.terminate(),
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
    stop: async () => worker.terminate(),
  };
}

function trapped(): BackendError {
  return new BackendError({
    code: 'backend/trap',
    got: 'a kernel stopped with a fault while several threads ran',
    expected: 'every kernel to end',
    fix: 'report this with the operation and its shapes; setThreads(1) shows where it happens',
  });
}
