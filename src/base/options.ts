import { OptionError, ShapeError } from './errors';

// Specifications are constants of modules. `@__NO_SIDE_EFFECTS__` on the functions that make them lets a bundler leave
// out the specification of a function that is not used.

/** What a value must be: the one description behind options, arguments and their messages. */
export interface Kind<T> {
  /** What is expected, in the words of messages: `a number between 0 and 1`. */
  readonly expected: string;
  /** Code of the error for a value that does not fit. */
  readonly code: string;
  /** Whether a value is of this kind. */
  fits(value: unknown): value is T;
  /** The error is a `ShapeError`: shapes, and what is measured by them. */
  readonly ofShapes?: boolean;
  /** A right value, as it is typed: `random.key(0)`. */
  readonly like?: string;
  /** What to type instead of this value, where that can be told. */
  fix?(value: unknown): string | undefined;
}

/** One option of a specification: its kind, and what holds when it is left out. */
export interface Option<T, Otherwise = undefined, Needed extends boolean = boolean> {
  /** What a value must be. */
  readonly kind: Kind<T>;
  /** Whether it has to be given. */
  readonly needed: Needed;
  /** The value where it is left out. */
  readonly otherwise: Otherwise;
}

/** The options of a function by name. */
export type Specification = Readonly<Record<string, Option<unknown, unknown>>>;

type Needed<S extends Specification> = { [Name in keyof S]: S[Name]['needed'] extends true ? Name : never }[keyof S];
type Taken<O> = O extends Option<infer T, unknown> ? T : never;
type Read<O> = O extends Option<infer T, infer Otherwise, infer N> ? (N extends true ? T : T | Otherwise) : never;

/**
 * The type of the options that a specification describes. The maps keep the doc comment of each option, so that an
 * editor shows it: `interface AdamOptions extends OptionsOf<typeof adamOptions> {}`.
 */
export type OptionsOf<S extends Specification> = {
  readonly [Name in keyof S as Name extends Needed<S> ? Name : never]: Taken<S[Name]>;
} & {
  readonly [Name in keyof S as Name extends Needed<S> ? never : Name]?: Taken<S[Name]> | undefined;
};

/** The type of what `readOptions` returns: every option has a value, given or the default. */
export type ValuesOf<S extends Specification> = { readonly [Name in keyof S]: Read<S[Name]> };

/**
 * A specification for options whose interface has type parameters, which no constant can have: as complete as the
 * interface, since each of its options must be named.
 */
export type SpecificationOf<Options> = { readonly [Name in keyof Options]-?: Option<unknown, unknown> };

/** The type of what `readOptionsOf` returns: what has a default is no longer undefined. */
export type ValuesOfGeneric<Options, S extends SpecificationOf<Options>> = {
  readonly [Name in keyof Options]-?: S[Name] extends Option<unknown, undefined, false>
    ? Options[Name]
    : Exclude<Options[Name], undefined>;
};

/** An option without a default. */
/* @__NO_SIDE_EFFECTS__ */
export function required<T>(kind: Kind<T>): Option<T, undefined, true> {
  return { kind, needed: true, otherwise: undefined };
}

/** An option that may be left out; then it is `otherwise`. */
export function optional<T>(kind: Kind<T>): Option<T, undefined, false>;
export function optional<T>(kind: Kind<T>, otherwise: T): Option<T, T, false>;
/* @__NO_SIDE_EFFECTS__ */
export function optional<T>(kind: Kind<T>, otherwise?: T): Option<T, T | undefined, false> {
  return { kind, needed: false, otherwise };
}

/**
 * Read the options of a function: every name is known, every value fits, what is left out (or undefined) has its
 * default. `where` is the function that the user called; `operands`, as its documentation writes them before the
 * options, let a message say `write sum(x, { axis: 0 })`.
 * @throws OptionError `options/object`, `options/unknown`, `options/missing`, and the code of the kind that a value misses
 */
export function readOptions<S extends Specification>(
  where: string,
  specification: S,
  options: unknown,
  operands = '',
): ValuesOf<S> {
  const names = Object.keys(specification);
  if (!isOptionsObject(options)) throw notAnObject(where, specification, options, operands);
  for (const name of Object.keys(options)) if (!names.includes(name)) throw unknownOption(where, name, names);
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const { kind, needed, otherwise } = specification[name] as Option<unknown, unknown>;
    const given = options[name];
    if (given === undefined && needed) throw missing(where, name, kind);
    if (given !== undefined && !kind.fits(given)) throw misfit(where, name, kind, given);
    values[name] = given === undefined ? otherwise : given;
  }
  return values as ValuesOf<S>;
}

/** `readOptions` for options whose interface has type parameters. */
export function readOptionsOf<Options extends object, S extends SpecificationOf<Options>>(
  where: string,
  specification: S & SpecificationOf<Options>,
  options: Options,
): ValuesOfGeneric<Options, S> {
  return readOptions(where, specification as unknown as Specification, options) as ValuesOfGeneric<Options, S>;
}

/**
 * Check one argument of a function.
 * @throws OptionError with the code of the kind, or ShapeError where that is about shapes
 */
export function checkArgument(where: string, name: string, kind: Kind<unknown>, value: unknown): void {
  if (!kind.fits(value)) throw misfit(where, name, kind, value);
}

/**
 * Refuse arguments after the last one that a function takes: `arange(1, 5)` is not `arange(1)`.
 * @throws OptionError `arguments/count`
 */
export function checkCount(where: string, given: number, most: number, fix?: string): void {
  if (given <= most) return;
  throw new OptionError({
    code: 'arguments/count',
    got: `${where} got ${given} arguments`,
    expected: most === 0 ? 'none' : `at most ${most}`,
    fix: fix ?? 'leave out the rest, or pass them as the options object that the documentation names',
  });
}

/**
 * `checkCount` for functions that have their `arguments` at hand and look at their number first, which costs
 * nothing: `if (arguments.length > 1) refuseExtra('neg', arguments, 1)`. What `map` and `forEach` pass after the
 * element is no mistake, so `xs.map(neg)` is right.
 * @throws OptionError `arguments/count`
 */
export function refuseExtra(where: string, given: ArrayLike<unknown>, most: number, fix?: string): void {
  const [element, index, list] = [given[0], given[1], given[2]];
  const mapped = given.length === 3 && Array.isArray(list) && typeof index === 'number' && list[index] === element;
  if (!(mapped && most === 1)) checkCount(where, given.length, most, fix);
}

/** What to type in place of `ones(2, 3)`: `ones([2, 3])`. */
export function asArray(where: string, given: ArrayLike<unknown>): string | undefined {
  const values = Array.from(given);
  return values.every((value) => typeof value === 'number') ? `write ${where}([${values.join(', ')}])` : undefined;
}

/** Numbers in `[low, high]`: finite ones, unless a bound is infinite itself. NaN never fits. */
/* @__NO_SIDE_EFFECTS__ */
export function number(range: Range = {}): Kind<number> {
  return within('a number', range, () => true);
}

/** Whole numbers in `[low, high]`, exact ones only: within ±(2⁵³ − 1). */
/* @__NO_SIDE_EFFECTS__ */
export function whole(range: Range = {}): Kind<number> {
  return within('a whole number', range, Number.isSafeInteger);
}

interface Range {
  readonly low?: number;
  readonly high?: number;
}

function within(noun: string, range: Range, test: (x: number) => boolean): Kind<number> {
  const { low = -Number.MAX_VALUE, high = Number.MAX_VALUE } = range;
  return {
    expected: `${noun}${inWords(low, high)}`,
    code: 'options/range',
    fits: (value): value is number => typeof value === 'number' && value >= low && value <= high && test(value),
  };
}

function inWords(low: number, high: number): string {
  const [fromBelow, fromAbove] = [low > -Number.MAX_VALUE, high < Number.MAX_VALUE];
  if (fromBelow && fromAbove) return ` between ${low} and ${high}`;
  if (low === Number.MIN_VALUE) return ' > 0';
  return fromBelow ? ` ≥ ${low}` : fromAbove ? ` ≤ ${high}` : '';
}

/** One of a few strings. */
/* @__NO_SIDE_EFFECTS__ */
export function choice<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    expected: choices.map((name) => `"${name}"`).join(' or '),
    code: 'options/choice',
    fits: (value): value is T => (choices as readonly unknown[]).includes(value),
  };
}

/** Anything that a test accepts, in words of your own. */
/* @__NO_SIDE_EFFECTS__ */
export function kindOf<T>(expected: string, fits: (value: unknown) => boolean, code = 'options/type'): Kind<T> {
  return { expected, code, fits: fits as (value: unknown) => value is T };
}

/** Any number but NaN and the infinities. */
export const finite: Kind<number> = kindOf('a finite number', Number.isFinite, 'options/range');
export const boolean: Kind<boolean> = kindOf('true or false', (value) => typeof value === 'boolean');
export const string: Kind<string> = kindOf('a string', (value) => typeof value === 'string');

/** A function; its own arguments and results are checked where it is called. */
/* @__NO_SIDE_EFFECTS__ */
export function callable<T>(like: string): Kind<T> {
  return kindOf(`a function ${like}`, (value) => typeof value === 'function');
}

/** Either of two kinds. */
/* @__NO_SIDE_EFFECTS__ */
export function either<A, B>(a: Kind<A>, b: Kind<B>): Kind<A | B> {
  return kindOf(`${a.expected}, or ${b.expected}`, (value) => a.fits(value) || b.fits(value), a.code);
}

/** An array of values of one kind. */
/* @__NO_SIDE_EFFECTS__ */
export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  const fits = (value: unknown): boolean => Array.isArray(value) && everyEntry(value, kind.fits);
  return kindOf(`an array, each entry ${kind.expected}`, fits, kind.code);
}

/** Like `every`, which would skip the holes of a sparse array. */
function everyEntry(values: readonly unknown[], fits: (value: unknown) => boolean): boolean {
  for (let i = 0; i < values.length; i++) if (!fits(values[i])) return false;
  return true;
}

/** An object literal, also of another realm. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A promise, or what `await` takes for one. */
export function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * What can hold options: an object literal, or an instance of a user's class that has fields. A Map, a Set or a promise
 * that was not awaited has none, and would silently mean the defaults.
 */
function isOptionsObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (isPlainObject(value)) return true;
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
  return object && Object.keys(value).length > 0;
}

/** A value as messages print it: short, on one line, whatever it is. */
export function inMessage(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function';
  if (typeof value === 'bigint') return `${String(value).slice(0, 40)}n`;
  if (Array.isArray(value)) {
    const shown = value.slice(0, 6).map((entry) => (Array.isArray(entry) ? '[…]' : inMessage(entry)));
    return `[${shown.join(', ')}${value.length > 6 ? ', …' : ''}]`;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  if (!isPlainObject(value)) return withArticle(className(value));
  const names = Object.keys(value).slice(0, 4);
  return names.length === 0 ? 'an empty object' : `an object { ${names.join(', ')} }`;
}

function withArticle(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

function className(value: object): string {
  const { constructor: maker } = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } };
  return typeof maker?.name === 'string' && maker.name !== '' ? maker.name : 'object';
}

function misfit(where: string, name: string, kind: Kind<unknown>, value: unknown): OptionError | ShapeError {
  return new (kind.ofShapes ? ShapeError : OptionError)({
    code: kind.code,
    got: `${where} got ${name} = ${inMessage(value)}`,
    expected: kind.expected,
    fix: kind.fix?.(value) ?? (isThenable(value) ? `await the promise first` : `pass another ${name}`),
  });
}

function missing(where: string, name: string, { expected, like = '…' }: Kind<unknown>): OptionError {
  return new OptionError({
    code: 'options/missing',
    got: `${where} got no ${name}`,
    expected,
    fix: `pass { ${name}: ${like} }`,
  });
}

/** A bare value was most likely meant for the first option that it fits. */
function notAnObject(where: string, of: Specification, options: unknown, operands: string): OptionError {
  const names = Object.keys(of);
  const meant = names.find((name) => (of[name] as Option<unknown>).kind.fits(options));
  const needed = names.filter((name) => (of[name] as Option<unknown>).needed);
  const blank = needed.length > 0 ? needed : names.slice(0, 1);
  const blanks = blank.map((name) => `${name}: ${(of[name] as Option<unknown>).kind.like ?? '…'}`);
  const option = meant === undefined || options === undefined ? blanks.join(', ') : `${meant}: ${inMessage(options)}`;
  const call = /^[A-Z]/.test(where) ? `new ${where}` : where;
  return new OptionError({
    code: 'options/object',
    got: `${where} got ${inMessage(options)} where its options go`,
    expected: `an object with ${names.map((name) => `"${name}"`).join(', ')}`,
    fix: isThenable(options) ? 'await the promise first' : `write ${call}(${operands && `${operands}, `}{ ${option} })`,
  });
}

function unknownOption(where: string, name: string, names: readonly string[]): OptionError {
  return new OptionError({
    code: 'options/unknown',
    got: `${where} got the option "${name}"`,
    expected: `only ${names.map((option) => `"${option}"`).join(', ')}`,
    fix: 'check the spelling, or remove it',
  });
}
