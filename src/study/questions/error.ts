import { seedKind } from '../../base/key';
import { listOf, optional, required, whole } from '../../base/options';
import { projectorKind } from '../../compress/projector';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { percent, significant, withError } from '../numbers';
import { leastTrials, type ProjectionErrorRow, projectionError, rounding } from '../projection-error';
import { question } from '../question';
import { gradientsKind } from '../studied-gradient';
import { type Column, tableOf } from '../table';
import { usualProjectors } from '../usual';

/** A row of it, with the name of its gradient. */
export interface ErrorRow extends ProjectionErrorRow {
  /** Name of the gradient. */
  readonly gradient: string;
}

/** The mean squared error of a projection against its rank, beside theory, and whether it keeps the gradient on average. */
export const error = question({
  name: 'error',
  asks: 'what does projecting a gradient down and up again do to it?',
  about: `It measures the mean squared error beside what theory says, and tests whether the projection keeps
the gradient on average (whether it is unbiased), which takes at least ${leastTrials} trials.`,
  example: 'floragrad study error --projector gaussian,haar --rank 4,16,64 --report study.html',
  usual: { shape: [256, 512] },
  options: {
    /** Gradients [n, m] by name. */
    gradients: required(gradientsKind),
    /** How they are projected. */
    projectors: optional(listOf(projectorKind), usualProjectors),
    /** Rows of the projections: one or several. */
    ranks: required(listOf(whole({ low: 1 }))),
    /** Independent projections behind each row, at least 166. */
    trials: optional({ ...whole({ low: leastTrials }), code: 'study/trials' }, 400),
    /** Everything random follows from it. */
    seed: optional(seedKind, 0),
  },
  count: ({ gradients, projectors, ranks }) => gradients.length * projectors.length * ranks.length,
  async *answer({ gradients, projectors, ranks, trials, seed }, pause): AsyncGenerator<ErrorRow> {
    for (const { name, gradient } of gradients) {
      for (const projector of projectors) {
        for (const rank of ranks) {
          const onTrial = (trial: number) => pause(`${projector.name} ${name} rank ${rank}, trial ${trial}`);
          yield { gradient: name, ...(await projectionError({ projector, gradient, rank, trials, seed, onTrial })) };
        }
      }
    }
  },
  table: (rows) => tableOf(columns, rows),
  reading: () => [
    'Error: mean of |projected down and up − gradient|² / |gradient|². Above 1 is normal: unbiased is not accurate.',
    'On average: the bias statistic, first in brackets, stays below the threshold that chance passes once in 10⁹, along the gradient and along the direction in which the first half of the trials was off the most. Capitals say that it did not.',
  ],
  verdict(rows) {
    const seen = rows.map(meanSeen);
    const [faults, declared] = [seen.filter((mean) => mean === 'fault'), seen.filter((mean) => mean === 'declared')];
    const own = declared.length > 0 ? ` ${declared.length} of ${rows.length} are biased by design, and say so.` : '';
    return faults.length === 0
      ? `No projection here shows a bias that it does not declare.${own}`
      : `${faults.length} of ${rows.length} rows show more bias than their theory declares and chance explains.${own}`;
  },
  figures: (rows) =>
    [...new Set(rows.map(({ gradient }) => gradient))].map((name) =>
      figureOf(
        name,
        rows.filter(({ gradient }) => gradient === name),
      ),
    ),
});

function figureOf(gradient: string, rows: readonly ErrorRow[]): Figure {
  const names = [...new Set(rows.map(({ projector }) => projector))];
  // An error that is only rounding would stretch a logarithmic axis beyond use.
  const shown = (x: number): number => (Math.abs(x) > rounding ? x : 0);
  const curves = names.map((label): Curve => {
    const own = rows.filter(({ projector }) => projector === label);
    return {
      label,
      points: own.map(({ rank: x, relativeMse, standardError }) => {
        const y = shown(relativeMse);
        return { x, y, low: y - 2 * standardError, high: y + 2 * standardError };
      }),
      theory: own.map(({ rank: x, theoryMse }) => ({ x, y: shown(theoryMse) })),
    };
  });
  return curvesFigure({
    name: `error-${fileName(gradient)}`,
    title: `Error against rank: ${gradient}`,
    caption: 'Points: measured mean squared error, with twice its standard error on both sides.',
    x: { title: 'rank', log: true },
    y: { title: 'relative squared error', log: true },
    curves,
    look: 'points',
  });
}

/** What a row says of the mean: the gradient comes back; times a factor; not, as is declared; or a fault. */
type Mean = 'unbiased' | 'scaled' | 'declared' | 'fault';

function meanSeen(row: ProjectionErrorRow): Mean {
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

const columns: readonly Column<ErrorRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', align: 'right', cell: ({ gradient }) => gradient },
  { heading: 'side', cell: ({ side }) => side },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  {
    heading: 'error',
    align: 'right',
    cell: ({ relativeMse, standardError }) =>
      Math.abs(relativeMse) < rounding ? '0' : withError(relativeMse, standardError),
  },
  { heading: 'theory', align: 'right', cell: ({ theoryMse }) => significant(theoryMse) },
  { heading: 'off by', align: 'right', cell: ({ relativeMse, theoryMse }) => deviation(relativeMse, theoryMse) },
  { heading: 'cosine', align: 'right', cell: ({ cosine }) => significant(cosine) },
  { heading: 'on average', cell: mean },
];

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
