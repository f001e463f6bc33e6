/**
 * What the two sides of a process boundary agree on: the harness on this side, a contestant (one library with its
 * settings) on the other. Peers are plain `.mjs` in `peers/`, where their packages are installed; they export the same
 * two names.
 */

/** What is computed. Plain data: it goes to the contestants as JSON. */
export type Task =
  | {
      readonly kind: 'matmul';
      /** Number of products; 1 for plain matrices without a batch axis. */
      readonly batch: number;
      readonly m: number;
      readonly k: number;
      readonly n: number;
      /** The operand is stored as its transpose. */
      readonly transposeA: boolean;
      readonly transposeB: boolean;
    }
  | { readonly kind: 'elementwise'; readonly op: 'add' | 'mul' | 'exp' | 'tanh' | 'gelu' }
  | {
      readonly kind: 'projection';
      readonly size: number;
      readonly rank: number;
      /** G·Aᵀ (down) or C·A (up). */
      readonly way: 'down' | 'up';
    }
  | {
      readonly kind: 'optimizer';
      /** Shapes of the parameters. */
      readonly shapes: readonly (readonly number[])[];
    }
  | {
      readonly kind: 'dispatch';
      /** Additions in one run, each of two tensors of 8 elements. */
      readonly repeats: number;
    }
  | GPTTask
  | MLPTask;

export interface GPTTask {
  readonly kind: 'gpt';
  readonly vocabularySize: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly time: number;
  readonly batch: number;
  readonly batches: number;
}

export interface MLPTask {
  readonly kind: 'mlp';
  readonly sizes: readonly number[];
  readonly batch: number;
  readonly batches: number;
}

export type TaskOf<K extends Task['kind']> = Extract<Task, { readonly kind: K }>;

/** Operands, starting weights and batches by name: the same numbers for every contestant. */
export type Arrays = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Float32Array | Int32Array }>
>;

/** How a contestant works: its build, its optimizer, … */
export type Settings = Readonly<Record<string, string | number>>;

/** A task that is ready to run again and again. */
export interface Prepared {
  /** What is timed: one product, one training step, … */
  run(): void | Promise<void>;
  /** Numbers that all contestants of a case must agree on. Called once, before anything is timed. */
  outcome(): Float32Array | readonly number[] | Promise<Float32Array | readonly number[]>;
  /** Bytes that the library's own allocator held at the peak of one run beside the operands, where it can tell. */
  peakBytes?(): number;
}

type Prepare<K extends Task['kind']> = (
  task: TaskOf<K>,
  arrays: Arrays,
  settings: Settings,
) => Prepared | Promise<Prepared>;

/** The exports of a contestant's module. */
export interface Contestant {
  /** Version and what it runs with, for the reader of the results. */
  describe(settings: Settings): string | Promise<string>;
  /** One entry for each kind of task that it can do. */
  readonly prepare: { readonly [K in Task['kind']]?: Prepare<K> };
}

/** One line of JSON to a contestant's standard input … */
export type Request =
  | { readonly do: 'describe'; readonly settings: Settings }
  | { readonly do: 'prepare'; readonly path: string; readonly settings: Settings }
  | { readonly do: 'outcome' }
  | { readonly do: 'measure'; readonly seconds: number }
  | { readonly do: 'peakBytes' };

/** … and one line back. */
export type Reply<T> = { readonly value: T } | { readonly error: string };

/** One round of one contestant. */
export interface Measurement {
  /** Median over the samples of this round. */
  readonly seconds: number;
  readonly samples: number;
}
