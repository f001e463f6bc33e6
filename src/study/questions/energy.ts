import { compressedDimension } from '../../compress/projector';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { agedCount, agedLabel } from '../aged';
import { type AgedRow, agedCells, agedOptions, meanOverDraws } from '../aged-cells';
import { firstOf, rankHolding } from '../best';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { groupsOf } from '../groups';
import { checkOneSided, matrixOf } from '../matrix-of';
import { percent } from '../numbers';
import { byTraining, curvesOverSteps } from '../over-steps';
import { question } from '../question';
import { drawProjection } from '../round-trip';
import { energyInside, orthonormalBasis } from '../subspace-energy';
import { type Column, tableOf } from '../table';

/** What the subspace of one projector holds of one gradient, at one rank and one age. */
export interface EnergyRow extends AgedRow {
  /** Mean of the share of ‖G‖² inside the span of the rows of A; 0 for a zero gradient. */
  readonly energy: number;
  /** r/d: what a subspace of this rank holds on average where no direction is likelier than another. */
  readonly blind: number;
  /** The most that any subspace of this rank holds: Σ_{i≤r} σ_i²/Σ σ_i². */
  readonly most: number;
  /** The smallest rank at which some subspace holds 90 % of this gradient. */
  readonly rankFor90: number;
}

const held = 0.9;

/**
 * How much of a gradient is inside the subspace that a projection spans, whatever its scale: ‖G·Qᵀ‖²/‖G‖² with the rows of
 * Q an orthonormal basis of the rows of A (Q·G on the left). It is the squared cosine between G and the matrix in the
 * subspace nearest to it, and 1 less the relative error of that one. No subspace of rank r holds more than the leading
 * singular vectors do (Eckart and Young 1936); one that is uniformly distributed, as of `gaussian` and `haar`, holds r/d on average.
 */
export const energy = question({
  name: 'energy',
  asks: 'how much of a gradient is inside the subspace of a projection?',
  about: `It measures the share of the squared norm inside the rows of the projection, beside the most that any
subspace of that rank holds, and the rank that 90 % of a gradient needs.`,
  example: 'floragrad study energy --gradient captured:g.safetensors --age 0,50 --rank 8,32 --report e.html',
  usual: { shape: [64, 128], ranks: [8, 32] },
  options: agedOptions,
  count: ({ gradients, projectors, ranks, ages }) => ranks.length * agedCount(projectors, gradients, ages),
  async *answer(read, pause): AsyncGenerator<EnergyRow> {
    checkOneSided('questions.energy', read.projectors, read.gradients);
    for await (const cell of agedCells('questions.energy', read)) {
      const { projector, madeOf, given, shares, rank } = cell;
      const { row, mean } = await meanOverDraws(cell, read, pause, async (draw) => {
        const projection = noGrad(() => drawProjection(projector, madeOf, draw));
        return energyInside(given, orthonormalBasis(await matrixOf(projector, projection)));
      });
      const blind = rank / compressedDimension(given);
      yield { ...row, energy: mean, blind, most: firstOf(shares, rank), rankFor90: rankHolding(shares, held) };
    }
  },
  table: (rows) => tableOf(columns, rows),
  reading: () => [
    'Energy: the share of |gradient|² inside the span of the rows of the projection, with its standard error over the draws.',
    'Blind: r/d, what a subspace holds on average that no direction is likelier to be in than another.',
    'The most: what the leading singular vectors of the gradient itself hold; no subspace of that rank holds more.',
    'For 90 %: the smallest rank at which some subspace holds nine tenths of the gradient.',
  ],
  figures(rows) {
    const { trained, others } = byTraining(rows);
    return [
      ...[...groupsOf(trained, ({ rank }) => rank)].map(([rank, own]) => overSteps(rank, own)),
      ...(trained.length > 0 ? [rankOverSteps(trained)] : []),
      ...[...groupsOf(others, ({ gradient }) => gradient)].map(([name, own]) => againstRank(name, own)),
    ];
  },
});

const mostLabel = 'the most at this rank';

function overSteps(rank: number, rows: readonly EnergyRow[]): Figure {
  return curvesFigure({
    name: `energy-rank-${rank}`,
    title: `Energy inside the subspace over training, rank ${rank}`,
    caption: 'Means over the parameters, from the smallest to the largest.',
    x: { title: 'step' },
    y: { title: 'share of the squared norm' },
    curves: [
      ...curvesOverSteps(rows, (row) => row.energy),
      ...curvesOverSteps(
        rows,
        ({ most }) => most,
        () => mostLabel,
      ),
    ],
  });
}

function rankOverSteps(rows: readonly EnergyRow[]): Figure {
  return curvesFigure({
    name: 'energy-rank-for-90',
    title: 'Rank that 90 % of a gradient needs, over training',
    caption:
      'The smallest rank at which some subspace holds 90 %: mean over the parameters, from the smallest to the largest.',
    x: { title: 'step' },
    y: { title: 'rank' },
    curves: curvesOverSteps(
      rows,
      (row) => row.rankFor90,
      () => 'for 90 %',
    ),
  });
}

function againstRank(gradient: string, rows: readonly EnergyRow[]): Figure {
  const curves = [...groupsOf(rows, agedLabel)].map(
    ([label, own]): Curve => ({
      label,
      points: own.map(({ rank: x, energy: y, standardError }) => ({
        x,
        y,
        low: y - 2 * standardError,
        high: y + 2 * standardError,
      })),
    }),
  );
  const once = [...groupsOf(rows, ({ rank }) => rank).values()].map(([row]) => row as EnergyRow);
  return curvesFigure({
    name: `energy-${fileName(gradient)}`,
    title: `Energy inside the subspace against rank: ${gradient}`,
    caption: 'Points: measured mean, with twice its standard error on both sides.',
    x: { title: 'rank', log: true },
    y: { title: 'share of the squared norm' },
    curves: [...curves, { label: mostLabel, points: once.map(({ rank: x, most: y }) => ({ x, y })) }],
    levels: [{ label: '90 %', y: held }],
  });
}

const columns: readonly Column<EnergyRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', cell: ({ gradient }) => gradient },
  { heading: 'age', align: 'right', cell: ({ age }) => (age === null ? '–' : String(age)) },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  {
    heading: 'energy',
    align: 'right',
    cell: ({ energy: share, standardError, trials }) =>
      trials === 1 ? percent(share) : `${percent(share)} ± ${percent(standardError)}`,
  },
  { heading: 'blind', align: 'right', cell: ({ blind }) => percent(blind) },
  { heading: 'the most', align: 'right', cell: ({ most }) => percent(most) },
  { heading: 'for 90 %', align: 'right', cell: ({ rankFor90 }) => String(rankFor90) },
];
