import { backend } from '../../backend/current';
import { StateError } from '../../base/errors';
import { callable, checkArgument, isThenable, refuseExtra } from '../../base/options';

/** What a training step does: the loss, its gradients, the updates. */
export type Phase = 'forward' | 'backward' | 'optimizer';

/** One op in one phase. */
export interface ProfileRow {
  /** A pullback and all that it runs count as backward. */
  readonly phase: Phase;
  /** The op; in the backward phase the one whose gradient is computed. null: all that is between ops. */
  readonly op: string | null;
  /** How often it ran; 0 for what is between ops. */
  readonly calls: number;
  /** Time of its own, without what it called that has a row. */
  readonly seconds: number;
  /** Device memory taken for results, also where it was freed again soon. */
  readonly bytes: number;
}

/** Where the time and the memory of a function went. */
export interface Profile {
  /** Time of the function: the sum of that of all rows. */
  readonly seconds: number;
  /** The slowest first. */
  readonly rows: readonly ProfileRow[];
}

/**
 * Run a synchronous function and see which ops it spends its time in. Times are those of the process, so leave out the
 * first runs, in which JavaScript is still being compiled.
 * @throws StateError `profile/async`
 * @example
 * const x = random.normal(random.key(0), [256, 256]);
 * const { rows } = profile(() => valueAndGrad((y) => sum(tanh(matmul(y, y))))(x)).profile;
 * console.log(rows.some(({ phase, op }) => phase === 'backward' && op === 'matmul')); // prints true
 */
export function profile<T>(fn: () => T): {
  /** What the function returned. */
  result: T;
  /** Where its time went. */
  profile: Profile;
} {
  if (arguments.length > 1) refuseExtra('profile', arguments, 1);
  checkArgument('profile', 'fn', profiled, fn);
  const outer = profiling.profiler;
  const profiler = new Profiler();
  profiling.profiler = profiler;
  try {
    const result = profiler.frame('forward', null, fn);
    if (isThenable(result)) throw asynchronous();
    return { result, profile: profiler.profile() };
  } finally {
    profiling.profiler = outer;
  }
}

const profiled = callable<() => unknown>('without arguments');

/** Part of a phase, and of an op if one is named: for what is not a single kernel. Costs nothing unless profiled. */
export function inPhase<T>(phase: Phase, op: string | null, fn: () => T): T {
  return profiling.profiler === null ? fn() : profiling.profiler.frame(phase, op, fn);
}

function asynchronous(): StateError {
  return new StateError({
    code: 'profile/async',
    got: 'profile got a function that returned a promise',
    expected: 'a synchronous function, since what runs later is not watched',
    fix: 'profile the steps one by one, and await between them',
  });
}

interface Row {
  readonly phase: Phase;
  readonly op: string | null;
  calls: number;
  milliseconds: number;
  bytes: number;
}

/** A stack of what runs now; the time between two events belongs to its top. */
class Profiler {
  private readonly rows = new Map<string, Row>();
  private top: Row | null = null;
  private since = 0;

  frame<T>(phase: Phase, op: string | null, fn: () => T): T {
    const below = this.top;
    this.switchTo(this.rowOf(phase, op));
    try {
      return fn();
    } finally {
      this.switchTo(below);
    }
  }

  /** A kernel begins, in a row of its own unless a pullback runs it. What comes back ends it. */
  kernel(name: string): () => void {
    const before = backend().memory().bytes;
    const below = this.top as Row;
    if (below.op === null) this.switchTo(this.rowOf(below.phase, name));
    return () => {
      (this.top as Row).bytes += Math.max(0, backend().memory().bytes - before);
      this.switchTo(below);
    };
  }

  private switchTo(row: Row | null): void {
    const now = performance.now();
    if (this.top) this.top.milliseconds += now - this.since;
    this.top = row;
    this.since = now;
  }

  private rowOf(phase: Phase, op: string | null): Row {
    const name = `${phase} ${op}`;
    const known = this.rows.get(name);
    const row = known ?? { phase, op, calls: 0, milliseconds: 0, bytes: 0 };
    if (!known) this.rows.set(name, row);
    if (op !== null) row.calls += 1;
    return row;
  }

  profile(): Profile {
    const rows = [...this.rows.values()]
      .map(({ milliseconds, ...row }) => ({ ...row, seconds: milliseconds / 1000 }))
      .sort((a, b) => b.seconds - a.seconds);
    return { seconds: rows.reduce((sum, { seconds }) => sum + seconds, 0), rows };
  }
}

/** Ops ask this before every kernel. */
export const profiling: { profiler: Profiler | null } = { profiler: null };
