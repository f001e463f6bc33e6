import { csvFormatRows } from 'd3-dsv';

/**
 * Rows as CSV (RFC 4180), a heading for each field that a row has. Entries of a list have a column each, `errors.0`, and
 * so have fields of fields. What is null or left out is an empty cell; numbers have all their digits.
 */
export function csvOf(rows: readonly object[]): string {
  const flat = rows.map((row) => new Map(cellsOf(row, '')));
  const headings = [...new Set(flat.flatMap((cells) => [...cells.keys()]))];
  const lines = flat.map((cells) => headings.map((heading) => cells.get(heading) ?? ''));
  return `${csvFormatRows([headings, ...lines])}\n`;
}

function cellsOf(value: unknown, name: string): [name: string, text: string][] {
  if (typeof value !== 'object' || value === null) return [[name, value === null ? '' : String(value ?? '')]];
  return Object.entries(value).flatMap(([field, inner]) => cellsOf(inner, name === '' ? field : `${name}.${field}`));
}
