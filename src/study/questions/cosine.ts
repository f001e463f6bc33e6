import type { Theory } from '../../compress/theory/theory';
import { agedCount, agedLabel } from '../aged';
import { type AgedRow, agedCells, agedOptions, meanOverDraws } from '../aged-cells';
import { firstOf } from '../best';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { groupsOf } from '../groups';
import { significant, withError } from '../numbers';
import { byTraining, curvesOverSteps } from '../over-steps';
import { question } from '../question';
import { inner, roundTrip } from '../round-trip';
import { type Column, tableOf } from '../table';

/** The cosine of one gradient under one projector, at one rank and one age. */
export interface CosineRow extends AgedRow {
  /** Mean of cos(Ĝ, G); 0 for a zero gradient. */
  readonly cosine: number;
  /** √(E⟨Ĝ, G⟩²/(E‖Ĝ‖²·‖G‖²)) by the projector's theory; null where that does not say. */
  readonly theoryCosine: number | null;
  /** The largest cosine that any matrix of this rank has with the gradient. */
  readonly best: number;
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
  options: agedOptions,
  count: ({ gradients, projectors, ranks, ages }) => ranks.length * agedCount(projectors, gradients, ages),
  async *answer(read, pause): AsyncGenerator<CosineRow> {
    for await (const cell of agedCells('questions.cosine', read)) {
      const { projector, studied, madeOf, given, theory, shares, rank, age } = cell;
      const { row, mean } = await meanOverDraws(cell, read, pause, async (draw) =>
        cosineOf(await roundTrip(projector, studied.gradient, { ...draw, madeOf }), given.values),
      );
      const theoryCosine = age ? null : cosineByTheory(theory);
      yield { ...row, cosine: mean, theoryCosine, best: Math.sqrt(firstOf(shares, rank)) };
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
