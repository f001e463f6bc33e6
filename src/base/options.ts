import { OptionError } from './errors';

// Specifications are constants of modules. `@__NO_SIDE_EFFECTS__` on the functions that make them lets a bundler leave
// out the specification of a function that is not used.

/** What a value must be: the one description behind options, arguments and their messages (D15). */
export interface Kind<T> {
  /** In words, as messages print it: `a number between 0 and 1`. */
  readonly expected: string;
  /** Code of the error for a value that does not fit. */
  readonly code: string;
  /** Whether a value is of this kind. */
  fits(value: unknown): value is T;
}

/** One option of a specification: its kind, and what holds when it is left out. */
export interface Option<T, Otherwise = undefined, Needed extends boolean = boolean> {
  readonly kind: Kind<T>;
  readonly needed: Needed;
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
 * default. `where` is the function that the user called.
 * @throws OptionError `options/object`, `options/unknown`, `options/missing`, and the code of the kind that a value misses
 */
export function readOptions<S extends Specification>(where: string, specification: S, options: unknown): ValuesOf<S> {
  const names = Object.keys(specification);
  if (!isOptionsObject(options)) throw notAnObject(where, names, options);
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

/** As `readOptions`, for options whose interface has type parameters. */
export function readOptionsOf<Options extends object, S extends SpecificationOf<Options>>(
  where: string,
  specification: S & SpecificationOf<Options>,
  options: Options,
): ValuesOfGeneric<Options, S> {
  return readOptions(where, specification as unknown as Specification, options) as ValuesOfGeneric<Options, S>;
}

/**
 * Check one argument of a function.
 * @throws OptionError with the code of the kind
 */
export function checkArgument(where: string, name: string, kind: Kind<unknown>, value: unknown): void {
  if (!kind.fits(value)) throw misfit(where, name, kind, value);
}

/**
 * Refuse arguments after the last one that a function takes: `arange(1, 5)` is not `arange(1)`.
 * @throws OptionError `arguments/count`
 */
export function checkCount(where: string, given: number, most: number): void {
  if (given <= most) return;
  throw new OptionError({
    code: 'arguments/count',
    got: `${where} got ${given} arguments`,
    expected: `at most ${most}`,
    fix: 'leave out the rest, or pass them as the options object that the documentation names',
  });
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

/** As `every`, which would pass over the holes of a sparse array. */
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
  return isPlainObject(value) ? `an object { ${Object.keys(value).slice(0, 4).join(', ')} }` : `a ${className(value)}`;
}

function className(value: object): string {
  return (Object.getPrototypeOf(value) as { constructor?: { name?: string } }).constructor?.name || 'object';
}

function misfit(where: string, name: string, { expected, code }: Kind<unknown>, value: unknown): OptionError {
  return new OptionError({
    code,
    got: `${where} got ${name} = ${inMessage(value)}`,
    expected,
    fix: `pass another ${name}`,
  });
}

function missing(where: string, name: string, { expected }: Kind<unknown>): OptionError {
  return new OptionError({
    code: 'options/missing',
    got: `${where} got no ${name}`,
    expected,
    fix: `pass { ${name}: … }`,
  });
}

function notAnObject(where: string, names: readonly string[], options: unknown): OptionError {
  return new OptionError({
    code: 'options/object',
    got: `${where} got ${inMessage(options)} where its options go`,
    expected: `an object with ${names.map((name) => `"${name}"`).join(', ')}`,
    fix: `write { ${names[0]}: … }`,
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
