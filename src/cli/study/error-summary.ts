import { type ProjectionErrorRow, rounding } from '../../study';
import { percent, significant } from '../terminal/format';
import type { Column } from '../terminal/table';

/** A row of a study, with the name of its gradient. */
export interface StudyRow extends ProjectionErrorRow {
  readonly gradient: string;
}

/** What a row says of the mean: the gradient comes back; times a factor; not, as is declared; or a fault. */
export type Mean = 'unbiased' | 'scaled' | 'declared' | 'fault';

export function meanSeen(row: ProjectionErrorRow): Mean {
  const { gain, gainStatistic, biasThreshold, directionStatistic, directionThreshold } = row;
  if (gain === null) return 'declared';
  const off = (gainStatistic ?? 0) > biasThreshold || (directionStatistic ?? 0) > (directionThreshold ?? 0);
  if (off) return 'fault';
  return gain === 1 ? 'unbiased' : 'scaled';
}

const meanWords = ({ gain }: ProjectionErrorRow): Readonly<Record<Mean, string>> => ({
  unbiased: 'unbiased',
  scaled: `times ${significant(gain ?? 0)}, as declared`,
  declared: 'biased, as declared',
  fault: 'BIASED',
});

/** The table of a study, in the terminal and in the report. */
export const studyColumns: readonly Column<StudyRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', align: 'right', cell: ({ gradient }) => gradient },
  { heading: 'side', cell: ({ side }) => side },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  {
    heading: 'error',
    align: 'right',
    cell: ({ relativeMse, standardError }) => {
      if (Math.abs(relativeMse) < rounding) return '0';
      const error = significant(relativeMse);
      return standardError < rounding * relativeMse ? error : `${error} ± ${Number(standardError.toPrecision(2))}`;
    },
  },
  { heading: 'theory', align: 'right', cell: ({ theoryMse }) => significant(theoryMse) },
  { heading: 'off by', align: 'right', cell: ({ relativeMse, theoryMse }) => deviation(relativeMse, theoryMse) },
  { heading: 'cosine', align: 'right', cell: ({ cosine }) => significant(cosine) },
  { heading: 'on average', cell: mean },
];

/** What a reader must know to read the table. */
export function explainStudy(): string[] {
  return [
    'Error: mean of |projected down and up − gradient|² / |gradient|². Above 1 is normal: unbiased is not accurate.',
    'On average: the bias statistic, first in brackets, stays below the threshold that chance passes once in 10⁹, along the',
    'gradient and along the direction in which the first half of the trials was off the most. Capitals say that it did not.',
  ];
}

/** What the row says of the mean, and the statistic that says it. */
function mean(row: ProjectionErrorRow): string {
  const seen = meanSeen(row);
  return seen === 'declared' ? meanWords(row)[seen] : `${meanWords(row)[seen]} (${bias(row)})`;
}

/** The larger part of its threshold, of both statistics. */
function bias(row: ProjectionErrorRow): string {
  const { biasStatistic, gainStatistic, biasThreshold, directionStatistic, directionThreshold } = row;
  const along = { statistic: gainStatistic ?? biasStatistic, threshold: biasThreshold };
  const other = { statistic: directionStatistic ?? 0, threshold: directionThreshold ?? 1 };
  const { statistic, threshold } =
    other.statistic / other.threshold > along.statistic / along.threshold ? other : along;
  return `${significant(statistic)} ${statistic <= threshold ? '≤' : '>'} ${significant(threshold)}`;
}

function deviation(measured: number, theory: number): string {
  if (theory === 0) return Math.abs(measured) < rounding ? 'rounding' : '–';
  const off = measured / theory - 1;
  return `${off >= 0.0005 ? '+' : ''}${percent(off)}`;
}
