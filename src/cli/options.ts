import { parseArgs } from 'node:util';
import { boolean, type Option, readOptions, type ValuesOf } from '../base/options';
import { OptionError } from '../index';
import { closest } from './closest';
import type { Typed } from './values';

/** An option of a command: that of a function, which can be typed as well. `refreshEvery` is typed `--refresh-every`. */
export interface CommandOption<T = unknown, Otherwise = unknown, Needed extends boolean = boolean>
  extends Option<T, Otherwise, Needed> {
  /** The kind, and how words become such a value; a switch has no words. */
  readonly typed?: Typed<T>;
  /** What stands for the value in help. */
  readonly placeholder?: string;
  readonly help: string;
  /** How help shows what holds where the option is left out, if not as the default. */
  readonly shown?: string;
  /** Options of which one must be there too, since this one does nothing alone. */
  readonly needs?: readonly string[];
  /** It names a file that the command writes. */
  readonly output?: true;
  /** No number depends on it. */
  readonly incidental?: true;
  /** It has no name and comes first; the error is for the words that are there instead. */
  readonly operand?: OperandError;
}

type OperandError = (got: string | undefined) => OptionError;

export type CommandOptions = Readonly<Record<string, CommandOption>>;

type Optional<T> = CommandOption<T, undefined, false>;
type WithDefault<T> = CommandOption<T, T, false>;

/** An option that may be left out; then it is `otherwise`. */
export function option<T>(kind: Typed<T>, placeholder: string, help: string, otherwise: NoInfer<T>): WithDefault<T>;
export function option<T>(kind: Typed<T>, placeholder: string, help: string): Optional<T>;
export function option<T>(
  kind: Typed<T>,
  placeholder: string,
  help: string,
  otherwise?: NoInfer<T>,
): CommandOption<T, T | undefined, false> {
  return { kind, typed: kind, placeholder, help, needed: false, otherwise };
}

/** An option that has to be there: first on the command line, or in every preset. */
export function required<T>(kind: Typed<T>, placeholder: string, help: string): CommandOption<T, undefined, true> {
  return { kind, typed: kind, placeholder, help, needed: true, otherwise: undefined };
}

/** An option without a value: whether it is there. */
export function flag(help: string): WithDefault<boolean> {
  return { kind: boolean, help, needed: false, otherwise: false };
}

/**
 * Read `--name value` and `--name=value` pairs, switches, and what comes first. What is left out is as `preset` says for
 * what is there, or as the option says. `null` means that help was asked for.
 * @throws OptionError `cli/unknown-option`, `cli/missing-value`, `cli/extra-argument`, `cli/needs`, and those of the kinds
 */
export function parseOptions<S extends CommandOptions>(
  command: string,
  options: S,
  argv: readonly string[],
  preset: (given: Partial<ValuesOf<S>>) => Partial<ValuesOf<S>> = () => ({}),
): ValuesOf<S> | null {
  const all = wordsOf(command, options, argv);
  if (all === null) return null;
  const given: Record<string, unknown> = {};
  for (const [name, { typed }] of Object.entries(options)) {
    const words = all.get(name);
    if (words !== undefined) given[name] = typed ? typed.read(typedAs(name), words) : true;
  }
  for (const [name, { needs }] of Object.entries(options)) if (needs && name in given) checkNeeds(name, needs, given);
  return readOptions(`floragrad ${command}`, options, { ...preset(given as Partial<ValuesOf<S>>), ...given });
}

/** What is typed for each option, the last time that it is there; of a switch, no words. */
function wordsOf(command: string, options: CommandOptions, argv: readonly string[]): Map<string, string> | null {
  const words = new Map<string, string>();
  let rest = argv;
  const [operand, refused] = operandOf(options) ?? [];
  if (operand !== undefined && refused !== undefined) {
    const [first, ...others] = argv;
    if (first === '--help' || first === '-h') return null;
    if (first === undefined || first.startsWith('-')) throw refused(first);
    words.set(operand, first);
    rest = others;
  }
  const named = new Map(
    Object.keys(options)
      .filter((name) => name !== operand)
      .map((name) => [typedAs(name), name]),
  );
  const types = [...named].map(
    ([shown, name]) => [shown, { type: options[name]?.typed ? 'string' : 'boolean' }] as const,
  );
  const { tokens } = parseArgs({
    args: [...rest],
    options: { ...Object.fromEntries(types), help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw extraArgument(command, token.value);
    if (token.name === 'help') return null;
    const name = named.get(token.name);
    const known = name === undefined ? undefined : options[name];
    if (name === undefined || known === undefined) throw unknownOption(command, token.rawName, [...named.keys()]);
    if (known.typed === undefined) {
      if (token.value !== undefined) throw extraArgument(command, token.value);
    } else if (
      token.value === undefined ||
      token.value === '' ||
      (!token.inlineValue && token.value.startsWith('--'))
    ) {
      throw missingValue(command, token.name, known.placeholder ?? 'VALUE');
    }
    words.set(name, token.value ?? '');
  }
  return words;
}

/** The option that comes first and has no name, and the error for words that are none. */
export function operandOf(options: CommandOptions): readonly [name: string, refused: OperandError] | undefined {
  for (const [name, { operand }] of Object.entries(options)) if (operand) return [name, operand];
  return undefined;
}

/** `refreshEvery` → `refresh-every`. */
export const typedAs = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Refuse an option that would do nothing. */
function checkNeeds(name: string, needs: readonly string[], given: Readonly<Record<string, unknown>>): void {
  if (needs.some((other) => other in given)) return;
  throw new OptionError({
    code: 'cli/needs',
    got: `--${typedAs(name)} without ${needs.map((other) => `--${typedAs(other)}`).join(' or ')}`,
    expected: 'both, since it does nothing alone',
    fix: `add --${typedAs(needs[0] as string)}, or leave it out`,
  });
}

/** The command line again, quoted so that a POSIX shell reads the same words. */
export function commandLine(command: string, argv: readonly string[]): string {
  const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return ['floragrad', command, ...argv.map(quote)].join(' ');
}

/** The options of a command line that numbers depend on: what `--threads` and names of outputs say is left out. */
export function whatCounts(options: CommandOptions, argv: readonly string[]): string[] {
  const incidental = Object.entries(options).flatMap(([name, { output, incidental }]) =>
    output || incidental ? [`--${typedAs(name)}`] : [],
  );
  return without(argv, incidental);
}

/** A command line without these options, such as `--threads`, and their values. */
export function without(argv: readonly string[], names: readonly string[]): string[] {
  return argv.filter((word, i) => {
    const named = (at: string | undefined): boolean => at !== undefined && names.includes(at);
    return !named(word.split('=')[0]) && !named(argv[i - 1]);
  });
}

function unknownOption(command: string, name: string, known: readonly string[]): OptionError {
  const near = closest(name.replace(/^-+/, ''), known);
  return new OptionError({
    code: 'cli/unknown-option',
    got: `floragrad ${command} got ${name}`,
    expected: near ? `--${near}, perhaps` : 'one of the options in its help',
    fix: `see floragrad ${command} --help`,
  });
}

function missingValue(command: string, name: string, value: string): OptionError {
  return new OptionError({
    code: 'cli/missing-value',
    got: `floragrad ${command} got --${name} without a value`,
    expected: `--${name} ${value}`,
    fix: `add the value, or see floragrad ${command} --help`,
  });
}

function extraArgument(command: string, argument: string): OptionError {
  return new OptionError({
    code: 'cli/extra-argument',
    got: `floragrad ${command} got "${argument}"`,
    expected: 'options alone',
    fix: `see floragrad ${command} --help`,
  });
}
