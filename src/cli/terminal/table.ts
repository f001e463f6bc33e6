import type { Column } from '../../study/table';
import { meanOf, spread } from './format';
import type { Screen } from './io';
import { visible } from './visible';

/** Rows of text in aligned columns under their headings, a rule between. */
export function textTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => visible(cell(row))));
  const widths = columns.map(({ heading }, i) => Math.max(heading.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (columns[i]?.align === 'right' ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ heading }) => heading)), widths.map((n) => '─'.repeat(n)).join('  '), ...cells.map(line)];
}

/** A table on the screen, and an empty line after it. */
export function showTable<Row>(out: Screen, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const [headings, rule, ...lines] = textTable(columns, rows) as [string, string, ...string[]];
  out.line(out.paint.bold(headings));
  out.line(out.paint.dim(rule));
  for (const line of lines) out.line(line);
  out.line();
}

/** A table of results, and what a reader must know to read it. */
export function showResults<Row>(
  out: Screen,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  notes: readonly string[],
): void {
  showTable(out, columns, rows);
  for (const note of notes) out.line(out.paint.dim(note));
}

/** Lines of a name and what there is to say of it, before the work begins. */
export function facts(out: Screen, width = 9): (name: string, said: string) => void {
  return (name, said) => out.line(out.paint.dim(name.padEnd(width)), said);
}

interface Repeated<Run> {
  readonly runs: readonly Run[];
}

/** The cell of runs that differ in their seed: the mean of a number, and ± its standard deviation. */
export const spreadOver =
  <Run>(of: (run: Run) => number, show: (x: number) => string) =>
  ({ runs }: Repeated<Run>): string =>
    spread(runs.map(of), show);

/** The same with the mean alone. */
export const meanOver =
  <Run>(of: (run: Run) => number, show: (x: number) => string) =>
  ({ runs }: Repeated<Run>): string =>
    show(meanOf(runs.map(of)).mean);
