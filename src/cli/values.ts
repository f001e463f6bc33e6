import {
  listOf as arrayOf,
  choice,
  type Kind,
  kindOf,
  number as numberIn,
  string,
  whole as wholeIn,
} from '../base/options';
import { OptionError } from '../index';
import { closest } from './closest';
import { count } from './terminal/format';

/** A kind of value that is typed as the words after an option. */
export interface Typed<T> extends Kind<T> {
  /** What it takes, in words for help; absent where any words do. */
  readonly range?: string;
  /** The value of the words after `--option`. @throws OptionError with the code of the kind */
  read(option: string, words: string): T;
}

/** `meaning` is the value of the words; where they have none, anything that the kind refuses. */
export function typed<T>(kind: Kind<T>, meaning: (words: string) => unknown, range?: string): Typed<T> {
  return {
    ...kind,
    ...(range !== undefined && { range }),
    read(option, words) {
      const value = meaning(words);
      if (kind.fits(value)) return value;
      throw new OptionError({
        code: kind.code,
        got: `--${option} got "${words}"`,
        expected: kind.expected,
        fix: kind.fix?.(value) ?? `pass another --${option}`,
      });
    },
  };
}

/** Whole numbers from `low` to `high`. @throws OptionError `cli/number` */
export function whole(low: number, high: number): Typed<number> {
  const range = high >= Number.MAX_SAFE_INTEGER ? `${low} or more` : `${low} to ${count(high)}`;
  const kind = { ...wholeIn({ low, high }), expected: `a whole number, ${range}`, code: 'cli/number' };
  return typed(kind, (words) => (/^[+-]?\d+$/.test(words.trim()) ? Number(words) : Number.NaN), range);
}

/** Numbers above 0 and up to a largest, or below it. @throws OptionError `cli/number` */
export function positive(limit: { readonly upTo: number } | { readonly below: number }): Typed<number> {
  const high = 'upTo' in limit ? limit.upTo : limit.below;
  const range = `above 0, ${'upTo' in limit ? 'at most' : 'below'} ${high}`;
  const { fits } = numberIn({ low: smallest, high });
  const kind = kindOf<number>(
    `a number ${range}`,
    (x) => fits(x) && ('upTo' in limit || x !== limit.below),
    'cli/number',
  );
  return typed(kind, (words) => (words.trim() === '' ? Number.NaN : Number(words)), range);
}

/** Numbers from 0 to a largest, or below it. @throws OptionError `cli/number` */
export function atLeastZero(limit: { readonly upTo: number } | { readonly below: number }): Typed<number> {
  const high = 'upTo' in limit ? limit.upTo : limit.below;
  const range = 'upTo' in limit ? `0 to ${high}` : `0 or more, below ${high}`;
  const { fits } = numberIn({ low: 0, high });
  const kind = kindOf<number>(`a number, ${range}`, (x) => fits(x) && ('upTo' in limit || x !== high), 'cli/number');
  return typed(kind, (words) => (words.trim() === '' ? Number.NaN : Number(words)), range);
}

/** What is less becomes zero in float32, where all arithmetic is done. */
const smallest = 2 ** -126;

/** One of these names. @throws OptionError `cli/choice` */
export function oneOf<const T extends string>(known: readonly T[], { listed = true } = {}): Typed<T> {
  const fix = (word: unknown): string => {
    const near = closest(String(word), known);
    return near ? `write ${near}` : 'choose one of these';
  };
  const names = known.join(', ');
  const kind = { ...choice(...known), expected: names, code: 'cli/choice', fix };
  return typed(kind, (words) => words, listed ? names : undefined);
}

/** A list with commas between, without what is said twice. */
export function listOf<T>(kind: Typed<T>): Typed<readonly T[]> {
  return {
    ...arrayOf(kind),
    ...(kind.range !== undefined && { range: kind.range }),
    read: (option, words) => [...new Set(words.split(',').map((item) => kind.read(option, item.trim())))],
  };
}

/** Steps between two events: a whole number, or `never`. @throws OptionError `cli/number` */
export const steps: Typed<number> = typed(
  { ...kindOf<number>('a whole number from 1, or never', (x) => isInterval(x), 'cli/number') },
  (text) => (text.trim() === 'never' ? Infinity : /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN),
  '1 or more, or never',
);

const isInterval = (x: unknown): boolean => x === Infinity || (Number.isSafeInteger(x) && (x as number) >= 1);

/** Any words, such as the name of a file. */
export const words: Typed<string> = typed(string, (text) => text);

/** `256x512`. @throws OptionError `cli/shape` */
export const matrixShape: Typed<readonly [rows: number, columns: number]> = typed(
  {
    ...kindOf('rows x columns, each 1 to 999,999, such as 256x512', Array.isArray, 'cli/shape'),
    fix: () => 'write two whole numbers with an x between them',
  },
  (text) => {
    const [, rows, columns] = /^([1-9]\d{0,5})[x×]([1-9]\d{0,5})$/.exec(text) ?? [];
    return rows === undefined ? undefined : [Number(rows), Number(columns)];
  },
  'each side 1 to 999,999',
);
