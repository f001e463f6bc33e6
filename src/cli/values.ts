import { OptionError } from '../index';
import { closest } from './closest';
import { count } from './terminal/format';

/** Turns the words after an option into its value. */
export interface Reader<T> {
  /** What it takes, in words for help and errors; absent where any words do. */
  readonly range?: string;
  /** @throws OptionError that names the option */
  read(name: string, text: string): T;
}

/** Whole numbers from `low` to `high`. @throws OptionError `cli/number` */
export function whole(low: number, high: number): Reader<number> {
  const range = high >= Number.MAX_SAFE_INTEGER ? `${low} or more` : `${low} to ${count(high)}`;
  return {
    range,
    read(name, text) {
      const x = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
      if (Number.isSafeInteger(x) && x >= low && x <= high) return x;
      throw badNumber(name, text, `a whole number, ${range}`);
    },
  };
}

/** Numbers above 0 and up to a largest, or below it. @throws OptionError `cli/number` */
export function positive(limit: { readonly upTo: number } | { readonly below: number }): Reader<number> {
  const high = 'upTo' in limit ? limit.upTo : limit.below;
  const range = `above 0, ${'upTo' in limit ? 'at most' : 'below'} ${high}`;
  return {
    range,
    read(name, text) {
      const x = text.trim() === '' ? Number.NaN : Number(text);
      if (x >= smallest && (x < high || ('upTo' in limit && x === high))) return x;
      throw badNumber(name, text, `a number ${range}`);
    },
  };
}

/** What is less becomes zero in float32, where all arithmetic is done. */
const smallest = 2 ** -126;

/** One of these names. @throws OptionError `cli/choice` */
export function oneOf<T extends string>(known: readonly T[], { listed = true } = {}): Reader<T> {
  return {
    ...(listed && { range: known.join(', ') }),
    read(name, text) {
      const found = known.find((item) => item === text);
      if (found !== undefined) return found;
      const near = closest(text, known);
      throw new OptionError({
        code: 'cli/choice',
        got: `--${name} got "${text}"`,
        expected: known.join(', '),
        fix: near ? `write ${near}` : 'choose one of these',
      });
    },
  };
}

/** A comma list, without what is said twice. */
export function listOf<T>({ range, read }: Reader<T>): Reader<readonly T[]> {
  return {
    ...(range !== undefined && { range }),
    read: (name, text) => [...new Set(text.split(',').map((item) => read(name, item.trim())))],
  };
}

/** Any words, such as the name of a file. */
export const words: Reader<string> = { read: (_, text) => text };

/** `256x512`. @throws OptionError `cli/shape` */
export const matrixShape: Reader<readonly [rows: number, columns: number]> = {
  range: 'each side 1 to 999,999',
  read(name, text) {
    const [, rows, columns] = /^([1-9]\d{0,5})[x×]([1-9]\d{0,5})$/.exec(text) ?? [];
    if (rows !== undefined && columns !== undefined) return [Number(rows), Number(columns)];
    throw new OptionError({
      code: 'cli/shape',
      got: `--${name} got "${text}"`,
      expected: 'rows x columns, each 1 to 999,999, such as 256x512',
      fix: 'write two whole numbers with an x between them',
    });
  },
};

function badNumber(name: string, text: string, expected: string): OptionError {
  return new OptionError({
    code: 'cli/number',
    got: `--${name} got "${text}"`,
    expected,
    fix: `pass another --${name}`,
  });
}
