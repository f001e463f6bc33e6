import { type ProjectionErrorRow, rounding } from '../../study';
import { percent, significant } from '../terminal/format';
import type { Column } from '../terminal/table';

/** No more bias seen than chance explains. */
export const unbiased = ({ biasStatistic, biasThreshold }: ProjectionErrorRow): boolean =>
  biasStatistic <= biasThreshold;

/** The table of a study, in the terminal and in the report. */
export const studyColumns: readonly Column<ProjectionErrorRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', align: 'right', cell: ({ rows, columns }) => `${rows}x${columns}` },
  { heading: 'side', cell: ({ side }) => side },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  {
    heading: 'error',
    align: 'right',
    cell: ({ relativeMse }) => significant(Math.abs(relativeMse) < rounding ? 0 : relativeMse),
  },
  { heading: 'theory', align: 'right', cell: ({ theoryMse }) => significant(theoryMse) },
  { heading: 'off by', align: 'right', cell: ({ relativeMse, theoryMse }) => deviation(relativeMse, theoryMse) },
  { heading: 'cosine', align: 'right', cell: ({ cosine }) => significant(cosine) },
  { heading: 'on average', cell: (row) => `${unbiased(row) ? 'unbiased' : 'BIASED'} (${bias(row)})` },
];

/** What a reader must know to read the table. */
export function explainStudy(): string[] {
  return [
    'Error: mean of |projected down and up − gradient|² / |gradient|². Above 1 is normal: unbiased is not accurate.',
    'Unbiased: the bias statistic, first in brackets, is below the threshold that chance would pass only rarely.',
  ];
}

const bias = (row: ProjectionErrorRow): string =>
  `${significant(row.biasStatistic)} ${unbiased(row) ? '≤' : '>'} ${significant(row.biasThreshold)}`;

function deviation(measured: number, theory: number): string {
  if (theory === 0) return Math.abs(measured) < rounding ? 'rounding' : '–';
  const off = measured / theory - 1;
  return `${off >= 0.0005 ? '+' : ''}${percent(off)}`;
}
