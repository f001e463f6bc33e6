import type { RefreshRow } from '../../study/refresh-table';
import { significant } from '../terminal/format';
import type { Column } from '../terminal/table';

/** The cells of one rank and one policy, by interval. */
export interface RefreshCurve {
  readonly rank: number;
  readonly onRefresh: RefreshRow['onRefresh'];
  readonly cells: ReadonlyMap<RefreshRow['refreshEvery'], RefreshRow>;
}

export function curvesOf(rows: readonly RefreshRow[]): RefreshCurve[] {
  const curves = new Map<string, RefreshRow[]>();
  for (const row of rows) {
    const name = `${row.rank} ${row.onRefresh}`;
    curves.set(name, [...(curves.get(name) ?? []), row]);
  }
  return [...curves.values()].map((cells) => {
    const { rank, onRefresh } = cells[0] as RefreshRow;
    return { rank, onRefresh, cells: new Map(cells.map((row) => [row.refreshEvery, row])) };
  });
}

/** A row for each rank and policy, a column for each interval. */
export function refreshColumns(rows: readonly RefreshRow[]): Column<RefreshCurve>[] {
  const intervals = [...new Set(rows.map(({ refreshEvery }) => refreshEvery))];
  return [
    { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
    { heading: 'momentum', cell: ({ onRefresh }) => onRefresh },
    ...intervals.map(
      (interval): Column<RefreshCurve> => ({
        heading: interval === 'never' ? 'never' : `every ${interval}`,
        align: 'right',
        cell: ({ cells }) => {
          const { error } = cells.get(interval) as RefreshRow;
          return error === null ? 'diverged' : significant(error);
        },
      }),
    ),
  ];
}

export const explainRefresh = [
  'What is left of the teacher, |W − W*|²/|W*|², after the last step: mean over the seeds; 0 is all learned, 1 nothing.',
  'Each with the best learning rate of a grid, chosen on a seed that is not counted. diverged: above 10⁶, at every rate or in a counted seed.',
];
