import { seedKind } from '../../base/key';
import { listOf, optional, required, type ValuesOf, whole } from '../../base/options';
import { sizeOf } from '../../base/shape';
import { compressedDimension, compressedShape, type Projector, projectorKind } from '../../compress/projector';
import { svd } from '../../compress/projectors/svd';
import { topCoordinates } from '../../compress/projectors/top-coordinates';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { meanAndError, percent, significant, withError } from '../numbers';
import { rounding } from '../projection-error';
import { type Pause, question } from '../question';
import { drawProjection, inner, readGradient, roundTrip } from '../round-trip';
import { gradientsKind, type StudiedGradient } from '../studied-gradient';
import { type Column, tableOf } from '../table';
import { usualProjectors } from '../usual';

/** Draws that are averaged to see what is left of an error that has no bias. */
const averaged = 16;

const options = {
  /** Gradients [n, m] by name. */
  gradients: required(gradientsKind),
  /** How they are projected. */
  projectors: optional(listOf(projectorKind), [...usualProjectors, svd, topCoordinates]),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** Fresh projections of the same gradient; two groups of 16 at least. */
  trials: optional(whole({ low: 2 * averaged }), 8 * averaged),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};

/** What one projector costs at one rank, and how far it is off. */
export interface BytesRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Name of the projector. */
  readonly projector: string;
  /** Rows of the projection. */
  readonly rank: number;
  /** Floats of the compressed gradient: as many as those of a state of one slot, such as a momentum. */
  readonly compressedFloats: number;
  /** Floats of the projection itself; 0 where it is drawn from a key. */
  readonly storedFloats: number;
  /** 4 bytes for each of both. */
  readonly bytes: number;
  /** Their part of 4·n·m, the bytes of a state that is not compressed. */
  readonly share: number;
  /** Mean of ‖Ĝ − G‖²/‖G‖². */
  readonly relativeMse: number;
  /** Standard error of the mean. */
  readonly standardError: number;
  /** What the projector promises for the error of one draw. */
  readonly theoryMse: number;
  /** Mean of ‖Ḡ − G‖²/‖G‖² for means Ḡ of 16 draws; null where they would not come nearer: E[Ĝ] is not G. */
  readonly averagedMse: number | null;
  /** Its standard error. */
  readonly averagedError: number | null;
  /** Draws that were measured: 1 of a projection whose error is the same in each. */
  readonly trials: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/** How much error do bytes of state buy? For unbiased projections also after averaging over draws, as a training does. */
export const bytes = question({
  name: 'bytes',
  asks: 'how near does a projection come for the bytes that it takes?',
  about: `The squared error of projecting down and up again, against the bytes of a compressed state and of what
the projection itself stores; of unbiased ones also that of means of ${averaged} draws.`,
  example: 'floragrad study bytes --projector gaussian,haar,svd --rank 2,8,32 --report bytes.html',
  usual: { shape: [64, 128], ranks: [2, 8, 32, 64] },
  options,
  count: ({ gradients, projectors, ranks }) => gradients.length * projectors.length * ranks.length,
  async *answer(read, pause) {
    for (const gradient of read.gradients)
      for (const projector of read.projectors)
        for (const rank of read.ranks) yield rowOf(gradient, projector, rank, read, pause);
  },
  table: (rows) => tableOf(columns, rows),
  reading: () => [
    'Bytes: those of one compressed state such as a momentum, and of the projection where it is stored, at 4 each; the share is of a state that is not compressed.',
    `Error: mean of |projected down and up − gradient|²/|gradient|², with its standard error. Mean of ${averaged}: the same of means over ${averaged} fresh draws, where the projection is unbiased: it falls to a sixteenth.`,
  ],
  figures: (rows) => [...new Set(rows.map(({ gradient }) => gradient))].flatMap((name) => figuresOf(name, rows)),
});

async function rowOf(
  { name, gradient }: StudiedGradient,
  projector: Projector,
  rank: number,
  { trials, seed }: ValuesOf<typeof options>,
  pause: Pause,
): Promise<BytesRow> {
  const given = await readGradient(projector, gradient);
  const { values, shape } = given;
  const square = inner(values, values) || 1;
  const theory = projector.theory(compressedDimension(given), rank, given);
  // An error that is the same in every draw needs but one, unless means of several are asked for.
  const draws = theory.gain !== 1 && theory.relativeMseVariance === 0 ? 1 : trials;
  const errors = new Float64Array(draws);
  const means: number[] = [];
  let sum = new Float64Array(values.length);
  for (let trial = 0; trial < draws; trial++) {
    await pause(`${projector.name} ${name} rank ${rank}, trial ${trial}`);
    const lifted = await roundTrip(projector, gradient, { rank, seed, trial });
    errors[trial] = squaredDistance(lifted, values, 1) / square;
    for (let i = 0; i < sum.length; i++) (sum[i] as number) += lifted[i] as number;
    if ((trial + 1) % averaged !== 0) continue;
    means.push(squaredDistance(sum, values, averaged) / square);
    sum = new Float64Array(values.length);
  }
  const projection = drawProjection(projector, gradient, { rank, seed, trial: 0 });
  const compressedFloats = sizeOf(compressedShape(projector, projection));
  const storedFloats = projector.storedFloats(shape, rank);
  const { mean: relativeMse, standardError } = meanAndError(errors);
  const average = theory.gain === 1 ? meanAndError(means) : null;
  return {
    gradient: name,
    projector: projector.name,
    rank,
    compressedFloats,
    storedFloats,
    bytes: 4 * (compressedFloats + storedFloats),
    share: (compressedFloats + storedFloats) / values.length,
    relativeMse,
    standardError,
    theoryMse: theory.relativeMse,
    averagedMse: average?.mean ?? null,
    averagedError: average?.standardError ?? null,
    trials: draws,
    seed,
  };
}

/** ‖x/n − y‖² in float64. */
function squaredDistance(x: ArrayLike<number>, y: ArrayLike<number>, n: number): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += ((x[i] as number) / n - (y[i] as number)) ** 2;
  return total;
}

function figuresOf(gradient: string, all: readonly BytesRow[]): Figure[] {
  const rows = all.filter((row) => row.gradient === gradient);
  const names = [...new Set(rows.map(({ projector }) => projector))];
  const level = { label: 'as large as the gradient', y: 1 };
  const caption =
    'By rank along each line; bars are twice the standard error on both sides, and dashed lines theory. What is only rounding is left out.';
  const curves = (of: (row: BytesRow) => Measured) =>
    names.map((label) =>
      curveOf(
        label,
        rows.filter(({ projector }) => projector === label),
        of,
      ),
    );
  const single = curvesFigure({
    name: `bytes-${fileName(gradient)}`,
    title: `Error against bytes of state: ${gradient}`,
    caption,
    x: { title: 'bytes', log: true },
    y: { title: 'relative squared error', log: true },
    curves: curves(({ relativeMse: y, standardError: error, theoryMse: theory }) => ({ y, error, theory })),
    levels: [level],
  });
  const means = curvesFigure({
    name: `bytes-mean-${fileName(gradient)}`,
    title: `Error of means of ${averaged} draws against bytes of state: ${gradient}`,
    caption,
    x: { title: 'bytes', log: true },
    y: { title: 'relative squared error', log: true },
    // What is biased has no mean worth waiting for: it stays where one draw is.
    curves: curves(({ relativeMse, standardError, theoryMse, averagedMse: y, averagedError: error }) =>
      y === null
        ? { y: relativeMse, error: standardError, theory: theoryMse }
        : { y, error: error ?? 0, theory: theoryMse / averaged },
    ),
    levels: [level],
  });
  return [single, means];
}

interface Measured {
  readonly y: number;
  readonly error: number;
  readonly theory: number;
}

function curveOf(label: string, rows: readonly BytesRow[], of: (row: BytesRow) => Measured): Curve {
  const seen = rows.map((row) => ({ x: row.bytes, ...of(row) })).sort((a, b) => a.x - b.x);
  return {
    label,
    points: seen.map(({ x, y, error }) =>
      Math.abs(y) > rounding ? { x, y, low: y - 2 * error, high: y + 2 * error } : { x, y: null },
    ),
    theory: seen.flatMap(({ x, theory }) => (theory > rounding ? [{ x, y: theory }] : [])),
  };
}

const shown = (mean: number, error: number): string => (mean < rounding ? '0' : withError(mean, error));

const columns: readonly Column<BytesRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', cell: ({ gradient }) => gradient },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  { heading: 'bytes', align: 'right', cell: (row) => String(row.bytes) },
  { heading: 'share', align: 'right', cell: ({ share }) => percent(share) },
  { heading: 'error', align: 'right', cell: ({ relativeMse, standardError }) => shown(relativeMse, standardError) },
  { heading: 'theory', align: 'right', cell: ({ theoryMse }) => significant(theoryMse) },
  {
    heading: `mean of ${averaged}`,
    align: 'right',
    cell: ({ averagedMse, averagedError }) =>
      averagedMse === null ? 'biased' : shown(averagedMse, averagedError ?? 0),
  },
];
