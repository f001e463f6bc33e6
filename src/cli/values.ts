import { OptionError } from '../index';
import { closest } from './closest';

/** Reading the values of options. Each reader names the option in its error. */

interface Range {
  readonly low: number;
  readonly high?: number;
}

/** @throws OptionError `cli/number` */
export function wholeNumber(name: string, text: string, { low, high = Number.MAX_SAFE_INTEGER }: Range): number {
  const x = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(x) && x >= low && x <= high) return x;
  throw badNumber(
    name,
    text,
    high === Number.MAX_SAFE_INTEGER ? `${low} or more` : `${low} to ${high}`,
    'a whole number',
  );
}

/** Of `--threads`; undefined stands for all cores. @throws OptionError `cli/number` */
export function threadCount(text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber('threads', text, { low: 1, high: 64 });
}

/** @throws OptionError `cli/number` */
export function positiveNumber(name: string, text: string): number {
  const x = text.trim() === '' ? Number.NaN : Number(text);
  if (x > 0 && x < Infinity) return x;
  throw badNumber(name, text, 'above 0', 'a number');
}

/** A comma list, without what is said twice. */
export function list<T>(text: string, read: (item: string) => T): T[] {
  return [...new Set(text.split(',').map((item) => read(item.trim())))];
}

/** @throws OptionError `cli/choice` */
export function choice<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((item) => item === text);
  if (found !== undefined) return found;
  const near = closest(text, known);
  throw new OptionError({
    code: 'cli/choice',
    got: `--${name} got "${text}"`,
    expected: known.join(', '),
    fix: near ? `write ${near}` : 'choose one of these',
  });
}

/** `256x512`. @throws OptionError `cli/shape` */
export function matrixShape(name: string, text: string): readonly [rows: number, columns: number] {
  const [, rows, columns] = /^([1-9]\d{0,5})[x×]([1-9]\d{0,5})$/.exec(text) ?? [];
  if (rows !== undefined && columns !== undefined) return [Number(rows), Number(columns)];
  throw new OptionError({
    code: 'cli/shape',
    got: `--${name} got "${text}"`,
    expected: 'rows x columns, both at least 1, such as 256x512',
    fix: 'write two whole numbers with an x between them',
  });
}

function badNumber(name: string, text: string, range: string, kind: string): OptionError {
  return new OptionError({
    code: 'cli/number',
    got: `--${name} got "${text}"`,
    expected: `${kind}, ${range}`,
    fix: `pass another --${name}`,
  });
}
