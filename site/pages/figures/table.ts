import { partsOf } from '../content/anchors';

/** A table of a document, by the texts of its cells. */
export interface Table {
  /** The line of its headings, from 1. */
  readonly line: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Where a table is: below a heading, which `index` from 0 of those there. */
export interface Place {
  readonly heading: string;
  readonly index?: number;
}

/**
 * The table at a place of a document.
 * @throws Error where there is no such heading or table, or a row has other columns than the headings
 */
export function tableAt(markdown: string, { heading, index = 0 }: Place): Table {
  const lines = proseLines(markdown);
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const level = (lines[start] as string).indexOf(' ');
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line) && line.indexOf(' ') <= level);
  const last = end < 0 ? lines.length : end;
  const tops = lines.flatMap((line, i) => (i > start && i < last && isRule(line) ? [i - 1] : []));
  const top = tops[index];
  if (top === undefined)
    throw new Error(`below "${heading}" there are ${tops.length} tables, and number ${index + 1} is wanted`);
  const columns = cellsOf(lines[top] as string);
  const rows: string[][] = [];
  for (let i = top + 2; i < last && (lines[i] as string).startsWith('|'); i++) {
    const cells = cellsOf(lines[i] as string);
    if (cells.length !== columns.length)
      throw new Error(`line ${i + 1} has ${cells.length} cells, and its table has ${columns.length} columns`);
    rows.push(cells);
  }
  return { line: top + 1, columns, rows };
}

/** The lines of a document, empty where code is. */
function proseLines(markdown: string): string[] {
  return partsOf(markdown)
    .map(({ text, code }) => (code ? text.replace(/[^\n]/g, '') : text))
    .join('')
    .split('\n');
}

const isRule = (line: string): boolean => /^\|(\s*:?-+:?\s*\|)+$/.test(line);
const cellsOf = (line: string): string[] =>
  line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/**
 * The cells of a column by its heading.
 * @throws Error where there is no such column
 */
export function column({ columns, rows, line }: Table, name: string): string[] {
  const at = columns.indexOf(name);
  if (at < 0)
    throw new Error(
      `the table in line ${line} has no column "${name}", but ${columns.map((one) => `"${one}"`).join(', ')}`,
    );
  return rows.map((row) => row[at] as string);
}

/** A number as the tables have it: `-0.013`, `4,202,496`, `3.5e-28`; null for any other text. */
export function numberIn(cell: string): number | null {
  const text = cell.replace(/^−/, '-').replaceAll(/(?<=\d),(?=\d{3})/g, '');
  return /^-?\d+(\.\d+)?(e-?\d+)?$/.test(text) ? Number(text) : null;
}

/** A number with the ends of its interval: `0.013 [0.003, 0.023]` or `1.80 (1.72–2.57)`. */
export interface Interval {
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** An interval as the tables have it; null for any other text, as the dash of the row that all are compared with. */
export function intervalIn(cell: string): Interval | null {
  const [, ...parts] = /^(\S+) (?:\[(\S+), (\S+)\]|\(([^–()]+)–([^–()]+)\))$/.exec(cell) ?? [];
  const [y, low, high, ...more] = parts.filter((part) => part !== undefined).map(numberIn);
  if (typeof y !== 'number' || typeof low !== 'number' || typeof high !== 'number' || more.length > 0) return null;
  return { y, low, high };
}

/**
 * Like `numberIn`, for a cell that must be a number.
 * @throws Error where it is none
 */
export function numberOf(cell: string): number {
  const value = numberIn(cell);
  if (value === null) throw new Error(`"${cell}" is in a place of a number`);
  return value;
}
