import type { Specification } from '../../base/options';
import type { QuestionSpec } from '../../study';
import type { PartialReport } from '../figures/partial';
import { studyPage } from '../report/study-page';
import { cellsOf } from './cells';

/** What a report is made of beside its figures. */
interface Told<Row> {
  readonly rows: readonly Row[];
  /** The command line, to repeat it. */
  readonly command: string;
  /** Why there is less than was asked for. */
  readonly partial?: string;
}

/** The page of a question. */
export function reportOf<S extends Specification, Row>(
  spec: QuestionSpec<S, Row>,
  { rows, command, partial }: Told<Row>,
  svgs: readonly (string | null)[],
): string {
  const { columns, lines } = spec.table(rows);
  return studyPage({
    title: `${spec.asks[0]?.toUpperCase()}${spec.asks.slice(1)}`,
    partial,
    lead: spec.about.replaceAll('\n', ' '),
    headline: spec.verdict?.(rows),
    figures: spec.figures(rows).map((figure, i) => ({ figure, svg: svgs[i] ?? null })),
    table: { caption: 'All rows', columns: cellsOf(columns), rows: lines },
    numbers: rows as readonly object[],
    notes: spec.reading(rows),
    command,
  });
}

/** The report of a run that is ended early; there is none before the first row. */
export function partialReport<S extends Specification, Row>(
  spec: QuestionSpec<S, Row>,
  told: Told<Row>,
  total: number,
): PartialReport | null {
  const rows = [...told.rows];
  if (rows.length === 0) return null;
  const partial = `Interrupted after ${rows.length} of ${total} rows: what follows is of those alone.`;
  return { figures: spec.figures(rows), page: (svgs) => reportOf(spec, { ...told, rows, partial }, svgs) };
}
