// What the main thread and its workers share beside the memory of the kernels: a few int32 cells, then a table with one
// call of a kernel in each row. The main thread writes the calls of a round, then all threads, the main one too, take calls
// until none is left. Which thread takes which call is left to chance: no result depends on it.

/** What a worker needs to start. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  /** Kernels by number. */
  readonly names: readonly string[];
  readonly workspace: number;
}
type Kernel = (...numbers: number[]) => unknown;

/** Which int32 is what. */
const cells = {
  /**
   * 256 · calls of this round + calls taken so far. In one number, so that one atomic exchange takes a call: a worker that
   * wakes late finds the new round or nothing left to take, never the count of one round with the calls of another.
   */
  calls: 0,
  /** Calls of this round that have ended. */
  done: 1,
  /** Workers that sleep and must be woken. */
  asleep: 2,
  /** 1 after a kernel stopped with a fault. */
  failed: 3,
} as const;
const cellBytes = 64;

/** Most calls of a round. */
export const rows = 128;
/** Float64 numbers of a row: kernel, number of arguments, arguments. */
const columns = 28;
/** Most arguments of a call. */
export const mostArguments = columns - 2;
/** Bytes of cells and table. */
export const controlBytes = cellBytes + rows * columns * Float64Array.BYTES_PER_ELEMENT;

/** One thread's view of the cells and the table. */
export class ThreadTable {
  private readonly state: Int32Array;
  private readonly table: Float64Array;

  constructor(
    control: SharedArrayBuffer,
    private readonly kernels: readonly Kernel[],
  ) {
    this.state = new Int32Array(control, 0, cellBytes / Int32Array.BYTES_PER_ELEMENT);
    this.table = new Float64Array(control, cellBytes);
  }

  /** Write down a call. Only between rounds. */
  write(row: number, kernel: number, numbers: readonly number[]): void {
    const at = row * columns;
    this.table[at] = kernel;
    this.table[at + 1] = numbers.length;
    this.table.set(numbers, at + 2);
  }

  /** Begin a round of the first `count` rows. */
  publish(calls: number): void {
    const { state } = this;
    Atomics.store(state, cells.failed, 0);
    Atomics.store(state, cells.done, 0);
    Atomics.store(state, cells.calls, calls << 8);
    if (Atomics.load(state, cells.asleep) > 0) Atomics.notify(state, cells.calls);
  }

  /** Make the calls that no thread has taken, until none is left. A fault does not end the round: other threads are still at work. */
  work(): void {
    const { state, table } = this;
    for (let row = this.take(); row >= 0; row = this.take()) {
      const at = row * columns;
      const kernel = this.kernels[table[at] as number] as Kernel;
      try {
        kernel(...table.subarray(at + 2, at + 2 + (table[at + 1] as number)));
      } catch {
        Atomics.store(state, cells.failed, 1);
      }
      Atomics.add(state, cells.done, 1);
    }
  }
  /** The compare-and-exchange fails if another thread took the call first; success proves that the value read is still current. */
  private take(): number {
    const { state } = this;
    for (;;) {
      const now = Atomics.load(state, cells.calls);
      if (allTaken(now)) return -1;
      if (Atomics.compareExchange(state, cells.calls, now, now + 1) === now) return now & 255;
    }
  }

  /**
   * Return when all of `calls` have ended; whether they ended without a fault. It spins: the main thread of a page may not
   * sleep, and no call is left to take, so that each other thread has at most one to finish.
   */
  join(calls: number): boolean {
    while (Atomics.load(this.state, cells.done) < calls);
    return Atomics.load(this.state, cells.failed) === 0;
  }

  /** Wait for a round: spin for a number of reads, then sleep. */
  waitForRound(reads: number): void {
    const { state } = this;
    for (let i = 0; i < reads; i++) if (!allTaken(Atomics.load(state, cells.calls))) return;
    Atomics.add(state, cells.asleep, 1);
    // Does not sleep where a round began in between: its number is another one.
    const now = Atomics.load(state, cells.calls);
    if (allTaken(now)) Atomics.wait(state, cells.calls, now);
    Atomics.sub(state, cells.asleep, 1);
  }

  /** Workers that sleep now. */
  get asleep(): number {
    return Atomics.load(this.state, cells.asleep);
  }
}

function allTaken(calls: number): boolean {
  return calls >> 8 === (calls & 255);
}
