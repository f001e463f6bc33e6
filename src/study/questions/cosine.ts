import { seedKind } from '../../base/key';
import { listOf, optional, required, type ValuesOf, whole } from '../../base/options';
import { type Projector, projectorKind } from '../../compress/projector';
import { svd } from '../../compress/projectors/svd';
import { topCoordinates } from '../../compress/projectors/top-coordinates';
import type { Side } from '../../compress/side';
import type { Theory } from '../../compress/theory/theory';
import { type Aged, agedCount, agedLabel, agedOf, agesOption, checkAges } from '../aged';
import { energyShares, firstOf } from '../best';
import { drawsNeeded, theoryOf } from '../draws';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { groupsOf } from '../groups';
import { meanAndError, significant, withError } from '../numbers';
import { byTraining, curvesOverSteps } from '../over-steps';
import { type Pause, question } from '../question';
import { inner, readGradient, roundTrip } from '../round-trip';
import { gradientsKind, type StudiedGradient } from '../studied-gradient';
import { type Column, tableOf } from '../table';
import { usualProjectors } from '../usual';

const options = {
  /** Gradients [n, m] by name; those of a training have their path and step. */
  gradients: required(gradientsKind),
  /** How they are projected. */
  projectors: optional(listOf(projectorKind), [...usualProjectors, topCoordinates, svd]),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** How many steps older the gradient is that the projection is made of: one age or several. */
  ages: agesOption,
  /** Fresh projections of a gradient; one where all are the same. */
  trials: optional(whole({ low: 2 }), 20),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};

/** The cosine of one gradient under one projector, at one rank and one age. */
export interface CosineRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Its parameter; null where it is of no training. */
  readonly path: string | null;
  /** The step that it was captured at; null where it is of no training. */
  readonly step: number | null;
  /** Name of the projector. */
  readonly projector: string;
  /** Which dimension was compressed. */
  readonly side: Side;
  /** Rows of the projection. */
  readonly rank: number;
  /** Steps between the gradient that the projection is made of and this one; null for projectors that look at none. */
  readonly age: number | null;
  /** How many projections were drawn: 1 where all are the same. */
  readonly trials: number;
  /** Mean of cos(Ĝ, G); 0 for a zero gradient. */
  readonly cosine: number;
  /** Its standard error over the draws. */
  readonly standardError: number;
  /** √(E⟨Ĝ, G⟩²/(E‖Ĝ‖²·‖G‖²)) by the projector's theory; null where that does not say. */
  readonly theoryCosine: number | null;
  /** The largest cosine that any matrix of this rank has with the gradient. */
  readonly best: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/**
 * How much of a step's direction survives a projection: cos(Ĝ, G) with Ĝ = up(down(G)). With `ages` the projection is made
 * of an older gradient of the same parameter, as between two refreshes; a gradient without an older one is left out of
 * that age. All gradients see the same draws, so that what changes over steps is not chance.
 *
 * Theory is a ratio of means, and so close to the mean of ratios, not equal to it: for E[Ĝ] = g·G and a relative mean
 * squared error e, E‖Ĝ‖² = (e + 2g − 1)·‖G‖² and the ratio is g/√(e + 2g − 1). For `gaussian` that is √(r/(r + d + 1)),
 * for `haar` √(r/d).
 */
export const cosine = question({
  name: 'cosine',
  asks: 'how much of a gradient’s direction is left, by an older projection too?',
  about: `It measures the cosine between a gradient and what comes back, beside theory and the most that any
matrix of that rank can have. With an age, projectors that look at gradients see an older one.`,
  example: 'floragrad study cosine --gradient captured:g.safetensors --age 0,50 --rank 8,32 --report c.html',
  usual: { shape: [64, 128], ranks: [8, 32] },
  options,
  count: ({ gradients, projectors, ranks, ages }) => ranks.length * agedCount(projectors, gradients, ages),
  async *answer(read, pause): AsyncGenerator<CosineRow> {
    const { gradients, projectors, ranks, ages } = read;
    checkAges('questions.cosine', gradients, ages);
    for (const studied of gradients) {
      const [n, m] = studied.gradient.shape as readonly [number, number];
      const shares = energyShares({ values: await studied.gradient.data(), shape: [n, m] });
      for (const projector of projectors)
        for (const aged of agedOf(projector, studied, gradients, ages))
          for (const rank of ranks) {
            const best = Math.sqrt(firstOf(shares, rank));
            yield { ...(await rowOf({ studied, projector, rank, ...aged }, read, pause)), best, seed: read.seed };
          }
    }
  },
  table: (rows) => tableOf(columns, rows),
  reading: () => [
    'Cosine between the gradient and what comes back, with its standard error over the draws; 1 is the same direction.',
    'Theory: the ratio of the mean of ⟨Ĝ, G⟩ to the root of the mean of |Ĝ|²·|G|², which is close to the mean cosine.',
    'The most: what the best matrix of that rank has, made of the leading singular vectors of the gradient itself.',
  ],
  figures(rows) {
    const { trained, others } = byTraining(rows);
    return [
      ...[...groupsOf(trained, ({ rank }) => rank)].map(([rank, own]) => overSteps(rank, own)),
      ...[...groupsOf(others, ({ gradient }) => gradient)].map(([name, own]) => againstRank(name, own)),
    ];
  },
});

interface Cell extends Aged {
  readonly studied: StudiedGradient;
  readonly projector: Projector;
  readonly rank: number;
}

async function rowOf(
  { studied, projector, rank, age, madeOf }: Cell,
  { trials, seed }: ValuesOf<typeof options>,
  pause: Pause,
): Promise<Omit<CosineRow, 'best' | 'seed'>> {
  const { name, gradient, path = null, step = null } = studied;
  const { values, side } = await readGradient(projector, gradient);
  const theory = theoryOf(projector, rank, await readGradient(projector, madeOf));
  const draws = drawsNeeded(projector, theory, trials);
  const cosines: number[] = [];
  for (let trial = 0; trial < draws; trial++) {
    cosines.push(cosineOf(await roundTrip(projector, gradient, { rank, seed, trial, madeOf }), values));
    await pause(`${agedLabel({ projector: projector.name, age })}, ${name}, rank ${rank}`);
  }
  const { mean, standardError } = meanAndError(cosines);
  return {
    gradient: name,
    path,
    step,
    projector: projector.name,
    side,
    rank,
    age,
    trials: draws,
    cosine: mean,
    standardError,
    theoryCosine: age ? null : cosineByTheory(theory),
  };
}

function cosineOf(lifted: ArrayLike<number>, values: ArrayLike<number>): number {
  const dot = inner(lifted, values);
  return dot === 0 ? 0 : dot / Math.sqrt(inner(lifted, lifted) * inner(values, values));
}

/** g/√(e + 2g − 1); null where the theory has no gain g. */
function cosineByTheory(theory: Theory | null): number | null {
  if (theory === null || theory.gain === null) return null;
  return theory.gain / Math.sqrt(theory.relativeMse + 2 * theory.gain - 1);
}

function overSteps(rank: number, rows: readonly CosineRow[]): Figure {
  return curvesFigure({
    name: `cosine-rank-${rank}`,
    title: `Cosine over training, rank ${rank}`,
    caption: 'Means over the parameters, from the smallest to the largest.',
    x: { title: 'step' },
    y: { title: 'cosine' },
    curves: [
      ...curvesOverSteps(rows, (row) => row.cosine),
      ...curvesOverSteps(
        rows,
        ({ best }) => best,
        () => mostLabel,
      ),
    ],
  });
}

const mostLabel = 'the most at this rank';

function againstRank(gradient: string, rows: readonly CosineRow[]): Figure {
  const curves = [...groupsOf(rows, agedLabel)].map(
    ([label, own]): Curve => ({
      label,
      points: own.map(({ rank: x, cosine: y, standardError }) => ({
        x,
        y,
        low: y - 2 * standardError,
        high: y + 2 * standardError,
      })),
      theory: own.flatMap(({ rank: x, theoryCosine: y }) => (y === null ? [] : [{ x, y }])),
    }),
  );
  const most = [...groupsOf(rows, ({ rank }) => rank)].map(([x, own]) => ({ x, y: own[0]?.best ?? null }));
  return curvesFigure({
    name: `cosine-${fileName(gradient)}`,
    title: `Cosine against rank: ${gradient}`,
    caption: 'Points: measured mean, with twice its standard error on both sides.',
    x: { title: 'rank', log: true },
    y: { title: 'cosine' },
    curves: [...curves, { label: mostLabel, points: most }],
  });
}

const columns: readonly Column<CosineRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', cell: ({ gradient }) => gradient },
  { heading: 'age', align: 'right', cell: ({ age }) => (age === null ? '–' : String(age)) },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  {
    heading: 'cosine',
    align: 'right',
    cell: ({ cosine: mean, standardError }) => withError(mean, standardError),
  },
  {
    heading: 'theory',
    align: 'right',
    cell: ({ theoryCosine }) => (theoryCosine === null ? '–' : significant(theoryCosine)),
  },
  { heading: 'the most', align: 'right', cell: ({ best }) => significant(best) },
];
