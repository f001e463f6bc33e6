import { parseArgs } from 'node:util';
import { OptionError } from '../index';
import { closest } from './closest';
import { type Reader, whole, words } from './values';

/** One option of a command: what its value is, what it is when left out, and what `--help` says. */
interface OptionSpec<T> {
  /** What stands for the value; a switch has none, and no `of`. */
  readonly value?: string;
  readonly of?: Reader<T>;
  /** The value where the option is left out; without it, that is undefined. */
  readonly otherwise?: T;
  readonly help: string;
  /** How help shows what holds where the option is left out, if not as `otherwise`. */
  readonly shown?: string;
}
/** Options by name; `Values` gives each the type of its own reader. */
export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;

/** The values of options, read as their specifications say; of a switch, whether it is there. */
export type Values<S extends OptionSpecs> = {
  readonly [Name in keyof S]: S[Name] extends { readonly of: Reader<infer T> }
    ? S[Name] extends { readonly otherwise: unknown }
      ? T
      : T | undefined
    : boolean;
};

/** Options that every command takes. */
export const commonOptions = {
  seed: {
    value: 'N',
    of: whole(0, Number.MAX_SAFE_INTEGER),
    otherwise: 0,
    help: 'root of all randomness; the same seed repeats the run',
  },
  json: { value: 'FILE', of: words, help: 'write the results as JSON; - writes them to standard output' },
} satisfies OptionSpecs;

/** The option of commands that compute; undefined stands for all cores. */
export const threadOption = {
  threads: {
    value: 'N',
    of: whole(1, 64),
    help: 'threads that compute; the numbers do not depend on it',
    shown: 'one for each core',
  },
} satisfies OptionSpecs;

/**
 * Read `--name value` and `--name=value` pairs, and switches. `null` means that help was asked for.
 * @throws OptionError `cli/unknown-option`, `cli/missing-value`, `cli/extra-argument`, and those of the readers
 */
export function parseOptions<S extends OptionSpecs>(
  command: string,
  specs: S,
  argv: readonly string[],
): { readonly values: Values<S>; readonly given: ReadonlySet<keyof S> } | null {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { of }]) => [name, { type: of ? ('string' as const) : ('boolean' as const) }]),
  );
  const help = { help: { type: 'boolean' as const, short: 'h' } };
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, ...help },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw extraArgument(command, token.value);
    if (token.name === 'help') return null;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) throw unknownOption(command, token.rawName, Object.keys(specs));
    if (spec.of === undefined) {
      if (token.value !== undefined) throw extraArgument(command, token.value);
      given.set(token.name, '');
      continue;
    }
    if (token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('--'))) {
      throw missingValue(command, token.name, spec.value ?? 'VALUE');
    }
    given.set(token.name, token.value);
  }
  const values = Object.entries(specs).map(([name, { of, otherwise }]) => {
    const text = given.get(name);
    if (of === undefined) return [name, text !== undefined];
    return [name, text === undefined ? otherwise : of.read(name, text)];
  });
  return { values: Object.fromEntries(values) as Values<S>, given: new Set(given.keys()) };
}

/** The width that help keeps to. */
const columns = 100;

/** Help lines: the options in one column, and in the next what they do, their range, and what holds without them. */
export function describeOptions(specs: OptionSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]) => [`--${name} ${spec.value ?? ''}`, describe(spec)] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  const indent = ' '.repeat(width + 4);
  return rows
    .map(([left, help]) => `  ${left.padEnd(width)}  ${wrapped(help, columns - width - 4).join(`\n${indent}`)}`)
    .join('\n');
}

function describe({
  help,
  of,
  otherwise,
  shown = otherwise === undefined ? undefined : String(otherwise),
}: OptionSpec<unknown>): string {
  const range = of?.range === undefined ? '' : `: ${of.range}`;
  return `${help}${range}${shown === undefined ? '' : ` [${shown}]`}`;
}

/** The words of a text in lines of at most `width` characters, where no word is longer. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** The command line again, quoted so that a POSIX shell reads the same words. */
export function commandLine(command: string, argv: readonly string[]): string {
  const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return ['floragrad', command, ...argv.map(quote)].join(' ');
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
