import { parseArgs } from 'node:util';
import { OptionError } from '../index';
import { closest } from './closest';

/** One option of a command: how `--help` shows it. */
interface OptionSpec {
  /** What stands for the value; a switch has none and is given as 'on'. */
  readonly value?: string;
  readonly help: string;
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type Given<S extends OptionSpecs> = { readonly [Name in keyof S]?: string };

/** Options that every command takes. */
export const commonOptions = {
  seed: { value: 'N', help: 'root of all randomness; the same seed repeats the run [0]' },
  json: { value: 'FILE', help: 'write the results as JSON; - writes them to standard output' },
} satisfies OptionSpecs;

/** The option of commands that compute. */
export const threadOption = {
  threads: { value: 'N', help: 'threads that compute; the numbers do not depend on it [one for each core]' },
} satisfies OptionSpecs;

/**
 * Read `--name value` and `--name=value` pairs, and switches. `null` means that help was asked for.
 * @throws OptionError `cli/unknown-option`, `cli/missing-value`, `cli/extra-argument`
 */
export function parseOptions<S extends OptionSpecs>(
  command: string,
  specs: S,
  argv: readonly string[],
): Given<S> | null {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { value }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  const help = { help: { type: 'boolean' as const, short: 'h' } };
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, ...help },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw extraArgument(command, token.value);
    if (token.name === 'help') return null;
    if (!Object.hasOwn(specs, token.name)) throw unknownOption(command, token.rawName, Object.keys(specs));
    if (specs[token.name]?.value === undefined) {
      if (token.value !== undefined) throw extraArgument(command, token.value);
      given[token.name] = 'on';
      continue;
    }
    if (token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('--'))) {
      throw missingValue(command, token.name, specs[token.name]?.value ?? 'VALUE');
    }
    given[token.name] = token.value;
  }
  return given as Given<S>;
}

/** Help lines, the options in one column and what they do in the next. */
export function describeOptions(specs: OptionSpecs): string {
  const rows = Object.entries(specs).map(([name, { value = '', help }]) => [`--${name} ${value}`, help] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n');
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
