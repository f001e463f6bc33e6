import { seedKind } from '../../base/key';
import { listOf, optional, required, type ValuesOf, whole } from '../../base/options';
import { compressedDimension, type Projector, projectorKind } from '../../compress/projector';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { symmetricEigen } from '../../tensor/linalg/symmetric-eigen';
import { drawsNeeded, theoryOf } from '../draws';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { groupsOf } from '../groups';
import { marchenkoPastur } from '../marchenko-pastur';
import { checkOneSided, matrixOf } from '../matrix-of';
import { meanAndError, significant, withError } from '../numbers';
import { type Pause, question } from '../question';
import { drawProjection, inner, readGradient } from '../round-trip';
import { gradientsKind, type StudiedGradient } from '../studied-gradient';
import { type Column, tableOf } from '../table';
import { usualProjectors } from '../usual';

const options = {
  /** Gradients [n, m] by name; of those that are not looked at, the shape alone matters. */
  gradients: required(gradientsKind),
  /** What is drawn, each on one side. */
  projectors: optional(listOf(projectorKind), usualProjectors),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** Fresh projections; one where all are the same. */
  trials: optional(whole({ low: 2 }), 20),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};

/** One of the eigenvalues in falling order, over the draws. */
export interface Eigenvalue {
  /** Its mean over the draws. */
  readonly mean: number;
  /** The smallest of the draws. */
  readonly smallest: number;
  /** The largest of the draws. */
  readonly largest: number;
}

/** The eigenvalues of AᵀA for one projector at one rank. */
export interface SpectrumRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Name of the projector. */
  readonly projector: string;
  /** Rows of the projection, r. */
  readonly rank: number;
  /** The dimension that is compressed, d. */
  readonly dimension: number;
  /** How many projections were drawn: 1 where all are the same. */
  readonly trials: number;
  /** The r eigenvalues of A·Aᵀ in falling order; those of AᵀA are the same, and d − r times 0. */
  readonly eigenvalues: readonly Eigenvalue[];
  /** The smallest of all draws, those that are 0 left out; 0 where all are. */
  readonly smallest: number;
  /** The largest of all draws. */
  readonly largest: number;
  /** Mean number of eigenvalues that are not 0: fewer than r where rows of A depend on each other. */
  readonly nonzero: number;
  /** Mean of the trace of AᵀA, which is d where E[AᵀA] = I. */
  readonly trace: number;
  /** Its standard error over the draws. */
  readonly traceError: number;
  /** Where the law of Marchenko and Pastur begins, (√(d/r) − 1)². */
  readonly lowEdge: number;
  /** Where it ends, (√(d/r) + 1)². */
  readonly highEdge: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/** The part of the largest eigenvalue that may be the rounding of float32 entries. */
const nothing = 1e-9;

/**
 * The nonzero eigenvalues of AᵀA, by which one draw stretches what is in its subspace: E[AᵀA] = I says that they add up to d
 * on average, so r of them are about d/r each, however small the rank. Beside them the law of Marchenko and Pastur, which
 * holds in the limit for independent entries of mean 0 and variance 1/r: `gaussian`, `rademacher` and `sparse`. Rows that
 * are orthogonal and of one length have one eigenvalue, r times: d/r of `haar`, `coordinates` and `srht`, 1 of
 * `haarUnscaled`, `svd` and `topCoordinates`. The others follow laws of their own.
 */
export const spectrum = question({
  name: 'spectrum',
  asks: 'how unevenly does one draw of a projection stretch its subspace?',
  about: `It measures the nonzero eigenvalues of AᵀA over fresh draws, beside the law of Marchenko and Pastur for
independent entries, and their sum, which is d for unbiased projectors.`,
  example: 'floragrad study spectrum --projector gaussian,haar --rank 4,16,64 --report spectrum.html',
  usual: { shape: [64, 128] },
  options,
  count: ({ gradients, projectors, ranks }) => gradients.length * projectors.length * ranks.length,
  async *answer(read, pause): AsyncGenerator<SpectrumRow> {
    const { gradients, projectors, ranks } = read;
    checkOneSided('questions.spectrum', projectors, gradients);
    for (const studied of gradients)
      for (const projector of projectors)
        for (const rank of ranks) yield rowOf({ studied, projector, rank }, read, pause);
  },
  table: (rows) => tableOf(columns, rows),
  reading: () => [
    'Eigenvalues of AᵀA that are not 0: the smallest and the largest of all draws.',
    'Edges: where the law of Marchenko and Pastur begins and ends. It holds for many independent entries: gaussian, rademacher, sparse. At small ranks the extremes scatter around the edges.',
    'Orthogonal rows of one length have one eigenvalue only: d/r of haar, coordinates and srht, 1 of haarUnscaled and svd.',
    'Trace: the sum of the eigenvalues of a draw, on average, with its standard error; d for an unbiased projector.',
  ],
  figures: (rows) =>
    [...groupsOf(rows, ({ gradient, rank }) => `${gradient}, rank ${rank}`)].map(([name, own]) => figureOf(name, own)),
});

interface Cell {
  readonly studied: StudiedGradient;
  readonly projector: Projector;
  readonly rank: number;
}

async function rowOf(
  { studied: { name, gradient }, projector, rank }: Cell,
  { trials, seed }: ValuesOf<typeof options>,
  pause: Pause,
): Promise<SpectrumRow> {
  const given = await readGradient(projector, gradient);
  const d = compressedDimension(given);
  const draws: Float64Array[] = [];
  const needed = drawsNeeded(projector, theoryOf(projector, rank, given), trials);
  for (let trial = 0; trial < needed; trial++) {
    const projection = noGrad(() => drawProjection(projector, gradient, { rank, seed, trial }));
    draws.push(eigenvaluesOf(await matrixOf(projector, projection)));
    await pause(`${projector.name}, ${name}, rank ${rank}`);
  }
  const kept = draws.map((values) => values.filter((x) => x > nothing * (values[0] as number)));
  const trace = meanAndError(draws.map((values) => values.reduce((a, b) => a + b, 0)));
  const { low, high } = marchenkoPastur(d, rank);
  return {
    gradient: name,
    projector: projector.name,
    rank,
    dimension: d,
    trials: needed,
    eigenvalues: Array.from({ length: rank }, (_, k) => rangeOf(draws.map((values) => values[k] as number))),
    smallest: Math.min(...kept.map((values) => values.at(-1) ?? 0)),
    largest: Math.max(...draws.map((values) => values[0] as number)),
    nonzero: meanAndError(kept.map((values) => values.length)).mean,
    trace: trace.mean,
    traceError: trace.standardError,
    lowEdge: low,
    highEdge: high,
    seed,
  };
}

/** Eigenvalues of A·Aᵀ in float64, in falling order. */
function eigenvaluesOf(rows: readonly Float64Array[]): Float64Array {
  const products = rows.map((a) => Float64Array.from(rows, (b) => inner(a, b)));
  return symmetricEigen(products).values.sort().reverse();
}

const rangeOf = (values: readonly number[]): Eigenvalue => ({
  mean: meanAndError(values).mean,
  smallest: Math.min(...values),
  largest: Math.max(...values),
});

/** Where the k-th of r stands among all: eigenvalues fall from the left to the right. */
const placeOf = (k: number, rank: number): number => (k + 0.5) / rank;

function figureOf(name: string, rows: readonly SpectrumRow[]): Figure {
  const { rank, dimension } = rows[0] as SpectrumRow;
  const law = marchenkoPastur(dimension, rank);
  const places = Array.from({ length: 49 }, (_, i) => 0.01 + 0.02 * i);
  const curves = rows.map(
    ({ projector, eigenvalues }): Curve => ({
      label: projector,
      points: eigenvalues.map(({ mean: y, smallest: low, largest: high }, k) => ({
        x: placeOf(k, rank),
        y,
        low,
        high,
      })),
    }),
  );
  return curvesFigure({
    name: `spectrum-${fileName(name)}`,
    title: `Eigenvalues of AᵀA in falling order: ${name}`,
    caption:
      'Each of the r eigenvalues: its mean over the draws, from the smallest to the largest. Theory: the law of Marchenko and Pastur for independent entries.',
    x: { title: 'share of the eigenvalues that are larger' },
    y: { title: 'eigenvalue' },
    curves: [
      ...curves,
      { label: 'Marchenko–Pastur', points: [], theory: places.map((x) => ({ x, y: law.quantile(1 - x) })) },
    ],
    levels: [{ label: 'd/r', y: dimension / rank }],
  });
}

const columns: readonly Column<SpectrumRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', cell: ({ gradient }) => gradient },
  { heading: 'd', align: 'right', cell: ({ dimension }) => String(dimension) },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  { heading: 'smallest', align: 'right', cell: ({ smallest }) => significant(smallest) },
  { heading: 'largest', align: 'right', cell: ({ largest }) => significant(largest) },
  {
    heading: 'edges',
    align: 'right',
    cell: ({ lowEdge, highEdge }) => `${significant(lowEdge)} … ${significant(highEdge)}`,
  },
  { heading: 'not 0', align: 'right', cell: ({ nonzero }) => significant(nonzero) },
  { heading: 'trace', align: 'right', cell: ({ trace, traceError }) => withError(trace, traceError) },
];
