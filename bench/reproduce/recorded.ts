import { markdownTable } from '../harness/markdown';
import { significant } from './format';

/** A recorded run, and how near it is followed where that is worst for what is allowed. */
export interface RecordedRow {
  readonly file: string;
  readonly name: string;
  /** Why it is not followed. */
  readonly reason: string | null;
  readonly difference: number;
  readonly limit: number;
}

/** The row of a run that is not followed. */
export const notFollowed = (file: string, name: string, reason: string): RecordedRow => ({
  file,
  name,
  reason,
  difference: 0,
  limit: 0,
});

/** The row of one that is. */
export function followedRow(
  file: string,
  name: string,
  { differences, limits }: { readonly differences: readonly number[]; readonly limits: readonly number[] },
): RecordedRow {
  const shares = differences.map((off, t) => off / (limits[t] as number));
  const worst = shares.indexOf(Math.max(...shares));
  return { file, name, reason: null, difference: differences[worst] as number, limit: limits[worst] as number };
}

/** How many are followed. */
export const followedOf = (rows: readonly RecordedRow[]): number => rows.filter(({ reason }) => reason === null).length;

/** Lines of a table, whose second column is of a `run`, or what else its heading says. */
export function recordedTable(rows: readonly RecordedRow[], heading = 'run'): string[] {
  return markdownTable<RecordedRow>(
    [
      { heading: 'file', cell: ({ file }) => file },
      { heading, cell: ({ name }) => name },
      {
        heading: 'difference',
        align: 'right',
        cell: ({ reason, difference }) => (reason === null ? significant(difference) : '–'),
      },
      { heading: 'bound', align: 'right', cell: ({ reason, limit }) => (reason === null ? significant(limit) : '–') },
      { heading: 'why not', cell: ({ reason }) => reason ?? '' },
    ],
    rows,
  );
}
