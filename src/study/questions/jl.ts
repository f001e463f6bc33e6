import { seedKind } from '../../base/key';
import { listOf, number, optional, required, type ValuesOf, whole } from '../../base/options';
import { compressedDimension, type Projector, projectorKind } from '../../compress/projector';
import { gaussian } from '../../compress/projectors/gaussian';
import { haar } from '../../compress/projectors/haar';
import { rademacher } from '../../compress/projectors/rademacher';
import { type GradientValues, squaredNorms } from '../../compress/theory/theory';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { drawsNeeded, theoryOf } from '../draws';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { groupsOf } from '../groups';
import { checkOneSided } from '../matrix-of';
import { percent, significant } from '../numbers';
import { type Pause, question } from '../question';
import { drawProjection, readGradient } from '../round-trip';
import { gradientsKind, type StudiedGradient } from '../studied-gradient';
import { type Column, tableOf } from '../table';
import { usualProjectors } from '../usual';

const options = {
  /** Gradients [n, m] by name: their rows are projected, their columns on the left. */
  gradients: required(gradientsKind),
  /** How, each on one side. */
  projectors: optional(listOf(projectorKind), usualProjectors),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** Fresh projections; one where all are the same. */
  trials: optional(whole({ low: 2 }), 100),
  /** δ: how often a promise may fail. */
  failureChance: optional(number({ low: Number.MIN_VALUE, high: 1 - 2 ** -53 }), 0.05),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};

/** How far one projector is off the lengths of vectors, at one rank. */
export interface JlRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Name of the projector. */
  readonly projector: string;
  /** Rows of the projection, r. */
  readonly rank: number;
  /** The dimension that is compressed, d. */
  readonly dimension: number;
  /** How many vectors of the gradient there are that are not 0. */
  readonly vectors: number;
  /** How many projections were drawn: 1 where all are the same. */
  readonly trials: number;
  /** The median of |‖Ax‖²/‖x‖² − 1| over all draws and vectors; 0 for a zero gradient. */
  readonly median: number;
  /** The part 1 − δ of them is at or below it. */
  readonly usual: number;
  /** The largest of them. */
  readonly largest: number;
  /** δ. */
  readonly failureChance: number;
  /** ε = √(8·ln(2/δ)/r), where the projector has this promise and it is at most 1; else null. */
  readonly promised: number | null;
  /** The part of them that is ε or more; null without ε. */
  readonly failures: number | null;
  /** What everything random follows from. */
  readonly seed: number;
}

/**
 * Those with the promise, by at most exp(−rε²/8) on each side for ε ≤ 1. Of `gaussian` ‖Ax‖²/‖x‖² is χ²_r/r (Wainwright,
 * "High-dimensional statistics", 2019, example 2.11). Of `rademacher` the upper side is within that of χ² (Achlioptas,
 * "Database-friendly random projections", JCSS 66, 2003), and the lower one is at most exp(−rε²/6), since for a row a·x of
 * variance 1 the fourth moment is at most 3: E exp(−h·y²) ≤ 1 − h + 3h²/2, at h = ε/3. Of `haar` both sides are within
 * those of χ² (Dasgupta and Gupta, "An elementary proof of a theorem of Johnson and Lindenstrauss", Random Structures &
 * Algorithms 22, 2003, lemma 2.2).
 */
const promising: ReadonlySet<unknown> = new Set([gaussian, rademacher, haar]);

/**
 * How far a projection is off the length of a vector that it was not made for: |‖Ax‖²/‖x‖² − 1| over fresh draws and the
 * vectors x of the gradient (its rows on the right, its columns on the left). The lemma of Johnson and Lindenstrauss
 * promises for each x that it is ε or more with a chance of at most δ = 2·exp(−rε²/8), ε ≤ 1: so r ≥ 8·ln(2/δ)/ε² rows
 * will do, and below 8·ln(2/δ) rows it says nothing. It does not depend on d. The theorem of Flora (Hao, Cao and Mou, ICML 2024,
 * theorem 2.4) bounds all entries of AᵀA − I at once, at the price of ln(d(d + 1)/δ) in place of ln(2/δ).
 */
export const jl = question({
  name: 'jl',
  asks: 'how far is a projection off the lengths of vectors, and is the promise kept?',
  about: `It measures how far squared lengths are off after one projection, beside what the lemma of Johnson and
Lindenstrauss promises for each vector: at most ε but for a chance of δ.`,
  example: 'floragrad study jl --projector gaussian,coordinates --rank 16,32,64 --report jl.html',
  usual: { shape: [64, 128] },
  options,
  count: ({ gradients, projectors, ranks }) => gradients.length * projectors.length * ranks.length,
  async *answer(read, pause): AsyncGenerator<JlRow> {
    const { gradients, projectors, ranks } = read;
    checkOneSided('questions.jl', projectors, gradients);
    for (const studied of gradients)
      for (const projector of projectors)
        for (const rank of ranks) yield rowOf({ studied, projector, rank }, read, pause);
  },
  table: (rows) => tableOf(columnsOf(rows), rows),
  reading: (rows) => [
    'Off: | |Ax|²/|x|² − 1 | over all draws and all vectors of the gradient; the last but one of its columns is what only the part δ exceeds.',
    `Promised: ε = √(8·ln(2/δ)/r) with δ = ${rows[0]?.failureChance ?? 'the chance of failure'}, for gaussian, rademacher and haar. A dash: no promise, as for all others, and for ranks at which ε is above 1.`,
    'Failed: the part that is off by ε or more, which the lemma holds to δ on average.',
  ],
  verdict(rows) {
    const promised = rows.filter(({ failures }) => failures !== null);
    const broken = promised.filter(({ failures, failureChance }) => (failures as number) > failureChance);
    if (promised.length === 0)
      return 'The lemma promises nothing here: no rank is large enough for a projector that has it.';
    return broken.length === 0
      ? `The promise is kept in all ${promised.length} rows that have one, of ${rows.length}.`
      : `The promise is broken in ${broken.length} of the ${promised.length} rows that have one.`;
  },
  figures: (rows) => [...groupsOf(rows, ({ gradient }) => gradient)].map(([name, own]) => figureOf(name, own)),
});

interface Cell {
  readonly studied: StudiedGradient;
  readonly projector: Projector;
  readonly rank: number;
}

async function rowOf(
  { studied: { name, gradient }, projector, rank }: Cell,
  { trials, failureChance, seed }: ValuesOf<typeof options>,
  pause: Pause,
): Promise<JlRow> {
  const given = await readGradient(projector, gradient);
  const squares = vectorsOf(given);
  const needed = drawsNeeded(projector, theoryOf(projector, rank, given), trials);
  const off: number[] = [];
  for (let trial = 0; trial < needed; trial++) {
    const compressed = noGrad(() =>
      projector.down(drawProjection(projector, gradient, { rank, seed, trial }), gradient),
    );
    const shape = compressed.shape as readonly [number, number];
    const kept = vectorsOf({ values: await compressed.data(), shape, side: given.side });
    for (const [i, square] of squares.entries()) if (square > 0) off.push(Math.abs((kept[i] as number) / square - 1));
    await pause(`${projector.name}, ${name}, rank ${rank}`);
  }
  const sorted = Float64Array.from(off).sort();
  const promised = promising.has(projector) ? promisedAt(rank, failureChance) : null;
  return {
    gradient: name,
    projector: projector.name,
    rank,
    dimension: compressedDimension(given),
    vectors: squares.filter((square) => square > 0).length,
    trials: needed,
    median: quantile(sorted, 0.5),
    usual: quantile(sorted, 1 - failureChance),
    largest: quantile(sorted, 1),
    failureChance,
    promised,
    failures: promised === null ? null : sorted.filter((x) => x >= promised).length / Math.max(1, sorted.length),
    seed,
  };
}

/** Squared norms of the vectors that a projection compresses: the rows on the right, the columns on the left. */
const vectorsOf = ({ values, shape, side }: GradientValues): Float64Array =>
  squaredNorms({ values, shape, side: side === 'left' ? 'right' : 'left' });

/** ε with 2·exp(−rε²/8) = δ; null above 1, where the bound is not proven. */
function promisedAt(rank: number, failureChance: number): number | null {
  const epsilon = Math.sqrt((8 * Math.log(2 / failureChance)) / rank);
  return epsilon <= 1 ? epsilon : null;
}

/** The smallest of the samples that this part of them is at or below. */
const quantile = (sorted: Float64Array, part: number): number =>
  sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;

function figureOf(gradient: string, rows: readonly JlRow[]): Figure {
  const promised = [...groupsOf(rows, ({ rank }) => rank).keys()].flatMap((x) => {
    const y = promisedAt(x, (rows[0] as JlRow).failureChance);
    return y === null ? [] : [{ x, y }];
  });
  const curves = [...groupsOf(rows, ({ projector }) => projector)].map(
    ([label, own]): Curve => ({
      label,
      points: own.map(({ rank: x, median: low, usual: y, largest: high }) => ({ x, y, low, high })),
    }),
  );
  return curvesFigure({
    name: `jl-${fileName(gradient)}`,
    title: `How far squared lengths are off: ${gradient}`,
    caption: `Points: what only the part δ = ${(rows[0] as JlRow).failureChance} exceeds, from the median to the largest. Theory: the promise, ε at that δ, for gaussian, rademacher and haar.`,
    x: { title: 'rank', log: true },
    y: { title: '| |Ax|²/|x|² − 1 |', log: true },
    curves: [...curves, ...(promised.length > 0 ? [{ label: 'promised', points: [], theory: promised }] : [])],
    look: 'points',
  });
}

function columnsOf(rows: readonly JlRow[]): Column<JlRow>[] {
  const usual = 100 * (1 - (rows[0]?.failureChance ?? 0));
  const orDash = (x: number | null, shown: (x: number) => string): string => (x === null ? '–' : shown(x));
  return [
    { heading: 'projector', cell: ({ projector }) => projector },
    { heading: 'gradient', cell: ({ gradient }) => gradient },
    { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
    { heading: 'median', align: 'right', cell: ({ median }) => significant(median) },
    { heading: `${significant(usual)} %`, align: 'right', cell: (row) => significant(row.usual) },
    { heading: 'largest', align: 'right', cell: ({ largest }) => significant(largest) },
    { heading: 'promised', align: 'right', cell: ({ promised }) => orDash(promised, significant) },
    { heading: 'failed', align: 'right', cell: ({ failures }) => orDash(failures, percent) },
  ];
}
