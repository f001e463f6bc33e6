import { type CommandOption, type CommandOptions, operandOf, typedAs } from './options';

/** What the help of a command says around its options. */
export interface CommandHelp {
  readonly name: string;
  /** At the head, after the name. */
  readonly purpose: string;
  /** Between that and the options. */
  readonly about?: string;
  /** After the options. */
  readonly notes?: string;
}

/** The width that help keeps to. */
const columns = 100;

/** The help of a command: its options are printed from their specification. */
export function helpOf({ name, purpose, about, notes }: CommandHelp, options: CommandOptions): string {
  const [operand] = operandOf(options) ?? [];
  const usage = operand === undefined ? name : `${name} ${options[operand]?.placeholder}`;
  const named = Object.entries(options).filter(([option]) => option !== operand);
  const parts = [`floragrad ${usage}: ${purpose}`, about, describeOptions(named), notes];
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}

/** Help lines: the options in one column, and in the next what they do, their range, and what holds without them. */
function describeOptions(options: readonly (readonly [name: string, option: CommandOption])[]): string {
  const rows = options.map(
    ([name, option]) => [`--${typedAs(name)} ${option.placeholder ?? ''}`, describe(option)] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  const indent = ' '.repeat(width + 4);
  return rows
    .map(([left, help]) => `  ${left.padEnd(width)}  ${wrapped(help, columns - width - 4).join(`\n${indent}`)}`)
    .join('\n');
}

function describe({ help, typed, otherwise, shown }: CommandOption): string {
  const without = shown ?? (typed === undefined || otherwise === undefined ? undefined : String(otherwise));
  return `${help}${typed?.range === undefined ? '' : `: ${typed.range}`}${without === undefined ? '' : ` [${without}]`}`;
}

/** The words of a text in lines of at most `width` characters, where no word is longer. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
