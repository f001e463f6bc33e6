// The shared memory between the main thread and its workers: a few int32 cells, then a table with one call a row.

/** What a worker needs to start. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  /** Kernels by number. */
  readonly names: readonly string[];
  readonly workspace: number;
}

/** Which int32 is what. Numbers of calls are 256·round + row, so that those of different rounds never meet. */
export const cells = {
  /** Number of the next call that nobody has taken. */
  next: 0,
  /** One past the number of the last call; changes with every round, which wakes the workers. */
  end: 1,
  /** Calls of this round that have ended. */
  done: 2,
  /** Workers that sleep and must be woken. */
  asleep: 3,
  /** 1 after a kernel trapped. */
  failed: 4,
  count: 16,
  bytes: 64,
} as const;

/** Calls of a round. */
export const rows = 128;
/** Float64 numbers of a row: kernel, number of arguments, arguments. */
export const columns = 28;

export function roundOf(call: number): number {
  return call >> 8;
}
export function partOf(call: number): number {
  return call & 255;
}
export function firstOf(round: number): number {
  return (round << 8) | 0;
}
