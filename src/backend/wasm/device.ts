import type { Kernels } from './generated/kernels';
import { type At, WasmHeap } from './heap';
import { type Build, instantiate, type WasmModule } from './module';
import { ThreadPool } from './threads/pool';
import { rows as tableRows } from './threads/table';

/** Number operands are written here, one slot of 4 bytes for each, and read by kernels like any other element. */
const scalarBytes = 64;

/** Work in nanoseconds that is worth a range of its own: handing a range to another thread costs a few microseconds. */
export const grain = { least: 15_000 };

/** What there is once the module runs. */
interface Running {
  readonly source: WasmModule;
  readonly heap: WasmHeap;
  readonly scalars: number;
}

/**
 * A module and its memory, which start when the first operation needs them. From below: static data of the kernels,
 * scalar slots, the workspace of matrix products (packed panels), the heap. Workers run the same module over the same
 * memory, with workspaces in the heap.
 */
export class WasmDevice {
  private running: Running | null = null;
  private poisonsFreed = false;
  private readonly workspaces: number[] = [];
  private pool: ThreadPool | null = null;
  private changed: Promise<void> = Promise.resolve();

  constructor(readonly build: Build) {}

  /** Whether an operation has needed it. */
  get started(): boolean {
    return this.running !== null;
  }
  get kernels(): Kernels {
    return (this.running ?? this.start()).source.kernels;
  }
  get heap(): WasmHeap {
    return (this.running ?? this.start()).heap;
  }
  /** Where number operands are written for kernels. */
  get scalars(): number {
    return (this.running ?? this.start()).scalars;
  }
  private start(): Running {
    const source = instantiate(this.build);
    const { kernels, memory } = source;
    const scalars = Math.ceil(kernels.heapBase() / 64) * 64;
    const workspace = scalars + scalarBytes;
    kernels.setWorkspace(workspace);
    const heap = new WasmHeap(memory, Math.ceil((workspace + kernels.workspaceBytes()) / 64) * 64);
    heap.poisoned = this.poisonsFreed;
    this.running = { source, heap, scalars };
    return this.running;
  }

  /** Overwrite freed memory with NaN. */
  set poisoned(on: boolean) {
    this.poisonsFreed = on;
    if (this.running !== null) this.running.heap.poisoned = on;
  }

  get threads(): number {
    return this.pool?.size ?? 1;
  }

  /**
   * Changes are made in the order of the calls, each when the last one is complete.
   * @throws Error what the platform says when it refuses workers; then there is one thread.
   */
  setThreads(count: number): Promise<void> {
    const change = this.changed.then(() => this.changeThreads(count));
    this.changed = change.catch(() => undefined); // the caller of that change gets its error, the next one does not
    return change;
  }
  private async changeThreads(count: number): Promise<void> {
    if (count === this.threads) return;
    const { pool } = this;
    this.pool = null; // operations may come before the next one has started
    await pool?.stop();
    if (count === 1) return;
    while (this.workspaces.length < count - 1) this.workspaces.push(this.heap.reserve(this.kernels.workspaceBytes()));
    const { source } = this.running ?? this.start();
    this.pool = await ThreadPool.start(source, this.workspaces.slice(0, count - 1));
  }

  /** Call kernels on this thread, with addresses of storages that were made or needed before. */
  run<T>(use: (kernels: Kernels, at: At) => T): T {
    const at = this.heap.pin();
    try {
      return use(this.kernels, at);
    } finally {
      this.heap.unpin();
    }
  }

  /**
   * Make `call` for [0, count), or, where threads are worth it for `work` nanoseconds, for a few ranges of
   * which all but the last are multiples of `unit` long. What a call computes for a row must not depend on the range that
   * the row is in, and ranges must not depend on each other: then results have the same bits for every number of threads.
   * A sum over rows breaks that rule if it is split, so such sums go through `blocks.ts`: partial sums over blocks of a fixed
   * number of rows, added in order. Addresses are those of storages that were made or needed before.
   */
  spread(
    count: number,
    unit: number,
    work: number,
    call: (kernels: Kernels, at: At, from: number, to: number) => void,
  ): void {
    const { pool, heap } = this;
    const at = heap.pin();
    try {
      const length = pool === null ? count : this.rangeOf(count, unit, work);
      if (pool === null || length >= count) call(this.kernels, at, 0, count);
      else {
        pool.run((later) => {
          for (let from = 0; from < count; from += length) call(later, at, from, Math.min(count, from + length));
        });
      }
    } finally {
      heap.unpin();
    }
  }
  /** How long the ranges of `spread` are; as long as all of it where it is not split. */
  rangeOf(count: number, unit: number, work: number): number {
    const { pool } = this;
    if (pool === null || count <= unit) return count;
    const parts = Math.min(pool.size, Math.floor(work / grain.least) || 1, tableRows);
    return parts < 2 ? count : Math.ceil(count / parts / unit) * unit;
  }
}
