import {
  BackendError,
  backend,
  FileError,
  memory,
  OptionError,
  ShapeError,
  StateError,
  scope,
} from '../../../src/index';
import { debugging } from '../../../src/tensor/inspect/debug';
import { profiling } from '../../../src/tensor/inspect/profile';
import { currentScope } from '../../../src/tensor/scope';
import { recordingTapes } from '../../../src/tensor/tape';
import { type KindName, kinds } from './kinds';
import { callables } from './library';

type Call = (...args: never[]) => unknown;

/** One public function: a call that is right, and what else each of its positions accepts. */
export interface Row {
  /** The name in the enumeration of exports: `sum`, `random.key`, `new Linear`, `Tensor.sum`. */
  readonly name: string;
  readonly call: (args: readonly unknown[]) => unknown;
  /** Right arguments, made anew, as many as the function takes. */
  readonly valid: () => unknown[];
  /** For each position, the kinds that are right there; all others must be refused. */
  readonly accepts: readonly (readonly KindName[])[];
  /** For each option, the kinds that are right as its value; the options are the last of the valid arguments. */
  readonly options?: Readonly<Record<string, readonly KindName[]>>;
  /** Returns a promise, so that nothing may be freed before it has settled. */
  readonly asynchronous?: boolean;
  /** Takes any number of arguments like the last. */
  readonly variadic?: boolean;
  /** The fewest arguments that are right, where positions before them cannot be left out one by one. */
  readonly fewest?: number;
  /** Names by which messages may call it; by default its own. */
  readonly called?: readonly string[];
  /** What a refused call must not change, beside the engine's own state. */
  readonly state?: (args: readonly unknown[]) => unknown;
}

type More = Partial<Pick<Row, 'options' | 'asynchronous' | 'variadic' | 'fewest' | 'called' | 'state' | 'call'>>;

const all = callables();

/** A function or a class of an entry, called as it is. */
export function row(name: string, valid: () => unknown[], accepts: Row['accepts'], more: More = {}): Row {
  const target = all.get(name);
  const call = name.startsWith('new ')
    ? (args: readonly unknown[]) => Reflect.construct(target as new () => unknown, [...args])
    : (args: readonly unknown[]) => (target as Call)(...(args as never[]));
  return { name, call, valid, accepts, ...more };
}

/** A method: the first of the valid arguments is the object, which is not varied. */
export function method(name: string, valid: () => unknown[], accepts: Row['accepts'], more: More = {}): Row {
  const key = name.slice(name.lastIndexOf('.') + 1);
  let self: unknown;
  return {
    name,
    valid: () => {
      const [object, ...args] = valid();
      self = object;
      return args;
    },
    call: (args) => (self as Record<string, Call>)[key]?.(...(args as never[])),
    accepts,
    ...more,
  };
}

/** What was wrong with one call; empty if all went as the row says. */
export interface Found {
  readonly calls: number;
  readonly faults: readonly string[];
}

/** Call the function with every wrong value at every position around the valid call. */
export async function misuse(of: Row): Promise<Found> {
  const faults: string[] = [];
  let calls = 0;
  const attempt = async (what: string, right: boolean, change: (args: unknown[]) => unknown[]): Promise<void> => {
    calls += 1;
    const fault = await outcome(of, right, change);
    if (fault !== null) faults.push(`${of.name} with ${what}: ${fault}`);
  };

  const { length } = of.accepts;
  const width = scope(() => of.valid().length);
  if (width !== length) faults.push(`${of.name}: ${width} valid arguments and ${length} positions`);
  await attempt('valid arguments', true, (args) => args);
  for (const [position, right] of of.accepts.entries()) {
    for (const kind of Object.keys(kinds) as KindName[]) {
      await attempt(`${kind} at ${position}`, right.includes(kind), (args) =>
        args.map((arg, i) => (i === position ? kinds[kind]() : arg)),
      );
    }
    const rest =
      position >= (of.fewest ?? length) || of.accepts.slice(position).every((names) => names.includes('undefined'));
    if (!of.variadic) await attempt(`${position} arguments`, rest, (args) => args.slice(0, position));
  }
  for (const [name, right] of Object.entries(of.options ?? {})) {
    for (const kind of Object.keys(kinds) as KindName[]) {
      await attempt(`${kind} as ${name}`, right.includes(kind), (args) =>
        args.map((arg, i) => (i === length - 1 ? { ...(arg as object), [name]: kinds[kind]() } : arg)),
      );
    }
  }
  if (!of.variadic) await attempt('one argument too many', false, (args) => [...args, 1]);
  return { calls, faults };
}

/** What went wrong in one call, or null. */
async function outcome(of: Row, right: boolean, change: (args: unknown[]) => unknown[]): Promise<string | null> {
  const run = (): Attempt => {
    const args = change(of.valid());
    const before = situation(of, args);
    const attempt = attempted(() => of.call(args));
    return { ...attempt, changed: () => changes(before, situation(of, args), of.asynchronous ?? false) };
  };
  if (!of.asynchronous) {
    return scope(() => {
      const { error, returned, changed } = run();
      if (error === null && isThenable(returned)) return 'gave a promise';
      return judge(of, right, error, error === null ? null : changed());
    });
  }
  const { error, returned, changed } = run();
  const rejected = error ?? (await settled(returned));
  return judge(of, right, rejected, rejected === null ? null : changed());
}

interface Thrown {
  readonly thrown: unknown;
}
interface Attempt {
  readonly error: Thrown | null;
  readonly returned: unknown;
  readonly changed: () => string | null;
}

function attempted(call: () => unknown): { error: Thrown | null; returned: unknown } {
  try {
    return { error: null, returned: call() };
  } catch (thrown) {
    return { error: { thrown }, returned: undefined };
  }
}

async function settled(returned: unknown): Promise<Thrown | null> {
  try {
    await returned;
    return null;
  } catch (thrown) {
    return { thrown };
  }
}

function isThenable(x: unknown): boolean {
  return typeof (x as { then?: unknown } | null)?.then === 'function';
}

function judge(of: Row, right: boolean, error: Thrown | null, changed: string | null): string | null {
  if (error === null) return right ? null : 'accepted in silence';
  const text = String(error.thrown).slice(0, 200);
  if (right) return `refused, but the row says that it is right: ${text}`;
  if (!ours.some((kind) => error.thrown instanceof kind)) return `raw error: ${text}`;
  const { got } = error.thrown as OptionError;
  if (!namesOf(of).some((name) => got.startsWith(`${name} `))) return `named wrongly: ${text}`;
  return changed;
}

const ours = [OptionError, ShapeError, StateError, BackendError, FileError];

/** `random.key` may be called key, and `new Linear` Linear. */
function namesOf({ name, called }: Row): readonly string[] {
  if (called) return called;
  const own = name.replace(/^new /, '');
  return [name, own, own.slice(own.lastIndexOf('.') + 1)];
}

/** What a refused call must leave as it was. */
function situation(of: Row, args: readonly unknown[]): Record<string, unknown> {
  const { tensors, bytes } = memory();
  return {
    tensors,
    bytes,
    backend: backend(),
    scope: currentScope(),
    tapes: recordingTapes().length,
    debugging: debugging.nonFinite,
    profiler: profiling.profiler,
    state: JSON.stringify(of.state?.(args)),
  };
}

/** Outside a scope the garbage collector may free what earlier calls left, so there counts may fall. */
function changes(before: Record<string, unknown>, after: Record<string, unknown>, mayFall: boolean): string | null {
  for (const [name, value] of Object.entries(before)) {
    const now = after[name];
    if (mayFall && (name === 'tensors' || name === 'bytes') && (now as number) <= (value as number)) continue;
    if (now !== value) return `refused, but ${name} changed from ${String(value)} to ${String(now)}`;
  }
  return null;
}
