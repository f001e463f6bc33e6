import type { Column } from '../../src/study/table';

/** The lines of a table of Markdown, its columns aligned in the source too. */
export function markdownTable<R>(columns: readonly Column<R>[], rows: readonly R[]): string[] {
  const cells = [columns.map(({ heading }) => heading), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i]?.length ?? 0)));
  const right = (i: number): boolean => columns[i]?.align === 'right';
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => (right(i) ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0))).join(' | ')} |`;
  const rule = widths.map((n, i) => (right(i) ? `${'-'.repeat(n - 1)}:` : '-'.repeat(n)));
  const [headings, ...rest] = cells.map(line);
  return [headings as string, line(rule), ...rest];
}
