import { seedKind } from '../../base/key';
import { listOf, number, optional, required, type ValuesOf, whole } from '../../base/options';
import { compressedDimension, type Projector, projectorKind } from '../../compress/projector';
import type { Side } from '../../compress/side';
import type { GradientValues, Theory } from '../../compress/theory/theory';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { meanOff, searchDraws } from '../most-off';
import { significant, withError } from '../numbers';
import { pilotDraws } from '../pilot';
import { type Pause, question } from '../question';
import { alongDirection, type Judged, judge, type Reading, randomDirection } from '../readings';
import { inner, readGradient, roundTrip, unit } from '../round-trip';
import { gradientsKind, type StudiedGradient } from '../studied-gradient';
import { type Column, tableOf } from '../table';
import { usualProjectors } from '../usual';

const options = {
  /** Gradients [n, m] by name. */
  gradients: required(gradientsKind),
  /** How they are projected. */
  projectors: optional(listOf(projectorKind), usualProjectors),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** Random directions, besides that of the gradient and the one in which draws of their own are off the most. */
  directions: optional(whole({ low: 0 }), 3),
  /** The bias along one direction, relative to the size of the gradient, that must be seen. */
  effect: optional(number({ low: Number.MIN_VALUE }), 0.1),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};
type Read = ValuesOf<typeof options>;

/** The largest chance that any test of a whole answer convicts a projector whose mean is as declared. */
const falseAlarm = 1e-9;

/** The least chance that a mean which is off by the effect or more is convicted. */
const power = 0.999;

/** What a test found; `declared` where the theory says that there is a bias, so that nothing is tested. */
export type BiasVerdict = 'acquitted' | 'convicted' | 'declared';

/** One test: the mean of ⟨Ĝ, W⟩/‖G‖ along one direction W of norm 1. */
export interface BiasTest {
  /** W: `gradient`, `most off` (in the mean of draws of their own), or `random 1` and so on. */
  readonly direction: string;
  /** What the test found. */
  readonly verdict: 'acquitted' | 'convicted';
  /** Draws that the test took until the case was clear. */
  readonly draws: number;
  /** Mean of ⟨Ĝ, W⟩/‖G‖ over these draws. */
  readonly mean: number;
  /** gain·⟨G, W⟩/‖G‖ */
  readonly expected: number;
  /** The deviation that must be seen. */
  readonly effect: number;
  /** √(variance/draws), by the variance that the test took: the theory's, or twice a measured one. */
  readonly standardError: number;
  /** The variance is not derived but measured, so that the chances of error are approximate. */
  readonly approximate: boolean;
  /** Evidence against the expected mean, in nats, and what convicts. */
  readonly evidence: number;
  /** Evidence that convicts, in nats. */
  readonly threshold: number;
}

/** One projector on one gradient at one rank. */
export interface BiasRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Name of the projector. */
  readonly projector: string;
  /** Which dimension was compressed. */
  readonly side: Side;
  /** Rows of the projection. */
  readonly rank: number;
  /** E[Ĝ] = gain·G by its theory; null declares a bias that is no factor. */
  readonly gain: number | null;
  /** Convicted if any test says so. */
  readonly verdict: BiasVerdict;
  /** None for a declared bias. */
  readonly tests: readonly BiasTest[];
  /** The chance that one of its tests convicts a mean as declared. */
  readonly falseAlarm: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/** Is E[Ĝ] = gain·G? Each direction is tested sequentially, with both chances of error proven. */
export const bias = question({
  name: 'bias',
  asks: 'does a projection give the gradient back on average?',
  about: `It tests whether the mean of many draws is the gradient, times the factor that a projector declares,
along the gradient, the direction in which other draws were off the most, and random ones.`,
  example: 'floragrad study bias --projector gaussian,haar --rank 4,16 --report bias.html',
  usual: { shape: [64, 128] },
  options,
  count: caseCount,
  async *answer(read, pause) {
    for (const gradient of read.gradients)
      for (const projector of read.projectors)
        for (const rank of read.ranks) yield await caseOf(gradient, projector, rank, read, pause);
  },
  table: (rows) => tableOf(columns, rows),
  reading: () => [
    'A reading is ⟨projected down and up, W⟩/|gradient| along a direction W of length 1: its mean over draws is tested.',
    'The chance that any row here convicts a projection that keeps what it declares is at most 10⁻⁹, divided over all tests; a mean that is off by the effect or more is convicted with chance at least 0.999. Both are proven from the variance; ~ marks a measured one, of which they are approximate.',
    `A line is about the most suspicious of its directions. A bias that leaves the gradient’s own direction alone shows along the direction in which ${searchDraws} draws of their own were off the most; a random direction sees little of it in a large matrix.`,
  ],
  verdict(rows) {
    const of = (verdict: BiasVerdict): BiasRow[] => rows.filter((row) => row.verdict === verdict);
    const [convicted, declared] = [of('convicted'), of('declared')];
    const own = declared.length > 0 ? ` ${declared.length} of ${rows.length} are biased by design, and say so.` : '';
    const names = [...new Set(convicted.map(({ projector }) => projector))].join(', ');
    return convicted.length === 0
      ? `No projection here is convicted of a bias that it does not declare.${own}`
      : `${convicted.length} of ${rows.length} are convicted of a bias that they do not declare: ${names}.${own}`;
  },
  figures: (rows) => [...new Set(rows.map(({ gradient }) => gradient))].map((name) => figureOf(name, rows)),
});

function caseCount({ gradients, projectors, ranks }: Read): number {
  return gradients.length * projectors.length * ranks.length;
}

async function caseOf(
  { name, gradient }: StudiedGradient,
  projector: Projector,
  rank: number,
  read: Read,
  pause: Pause,
): Promise<BiasRow> {
  const { seed, directions } = read;
  const given = await readGradient(projector, gradient);
  const theory = projector.theory(compressedDimension(given), rank, given);
  const { gain } = theory;
  const row = { gradient: name, projector: projector.name, side: given.side, rank, gain, seed };
  if (gain === null) return { ...row, verdict: 'declared', tests: [], falseAlarm: 0 };
  const draw = async (trial: number) => {
    await pause(`${projector.name} ${name} rank ${rank}, draw ${trial}`);
    return roundTrip(projector, gradient, { rank, seed, trial });
  };
  const own = falseAlarm / caseCount(read);
  const readings = await readingsOf(given, theory, gain, draw, read);
  const judged = await judge(readings, draw, { power, falseAlarm: own / (directions + 2) });
  const tests = judged.map(testOf);
  const convicted = tests.some(({ verdict }) => verdict === 'convicted');
  return { ...row, verdict: convicted ? 'convicted' : 'acquitted', tests, falseAlarm: own };
}

function testOf({ reading, test }: Judged<Reading>): BiasTest {
  const { draws, mean, evidence, threshold } = test;
  return {
    direction: reading.what,
    verdict: test.verdict as BiasTest['verdict'], // `judge` draws until there is one
    draws,
    mean,
    expected: reading.expected,
    effect: reading.effect,
    standardError: Math.sqrt(test.options.variance / draws),
    approximate: reading.variance === undefined,
    evidence,
    threshold,
  };
}

type Draw = (trial: number) => Promise<ArrayLike<number>>;

/** The directions; of a gradient that is zero only the random ones, with all numbers absolute. */
async function readingsOf(given: GradientValues, theory: Theory, gain: number, draw: Draw, read: Read) {
  const { values, shape } = given;
  const { directions, seed } = read;
  const along: [what: string, w: Float64Array][] = [];
  const isZero = inner(values, values) === 0;
  if (!isZero) along.push(['gradient', unit(values)]);
  const off = await meanOff(values, gain, draw, -1 - pilotDraws);
  if (inner(off, off) > 0) along.push(['most off', unit(off)]);
  for (let i = 1; i <= directions; i++) along.push([`random ${i}`, await randomDirection(shape, seed, i)]);
  // The effect of a gain below 1 is as much smaller: of 0.1·G a tenth may be lost unseen, not all of it.
  const effect = read.effect * Math.min(1, Math.abs(gain) || 1);
  return along.map(([what, w]): Reading => {
    if (!isZero) return { ...alongDirection(given, theory, gain, w), what, effect };
    return { what, expected: 0, variance: 0, effect, of: (lifted) => inner(lifted, w) };
  });
}

function figureOf(gradient: string, all: readonly BiasRow[]): Figure {
  const rows = all.filter((row) => row.gradient === gradient && row.tests.length > 0);
  const kinds = ['gradient', 'most off', 'random'];
  const curves = kinds.map((label): Curve => {
    const points = rows.flatMap(({ projector, rank, tests }) =>
      tests
        .filter(({ direction }) => direction.startsWith(label))
        .map(({ mean, expected, effect, standardError }) => {
          const [y, error] = [(mean - expected) / effect, standardError / effect];
          return { x: `${projector}, ${rank}`, y, low: y - 2 * error, high: y + 2 * error };
        }),
    );
    return { label, points };
  });
  return curvesFigure({
    name: `bias-${fileName(gradient)}`,
    title: `Is the mean what is declared? ${gradient}`,
    caption:
      'Mean reading less the expected one, in units of the effect that must be seen, by projector and rank. A bar is twice the standard error that chance leaves on each side: that of a right projection reaches 0 but for one in twenty or so.',
    x: { title: 'projector, rank' },
    y: { title: 'deviation in units of the effect' },
    curves: curves.filter(({ points }) => points.length > 0),
    levels: [
      { label: 'as declared', y: 0 },
      { label: 'must be seen', y: 1 },
      { label: 'must be seen, below', y: -1 },
    ],
    look: 'points',
  });
}

/** The test that is the nearest to a conviction, or the most convicted. */
function mostSuspicious({ tests }: BiasRow): BiasTest | undefined {
  const share = ({ verdict, evidence, threshold }: BiasTest): number =>
    (verdict === 'convicted' ? 1 : 0) + evidence / threshold;
  return [...tests].sort((a, b) => share(b) - share(a))[0];
}

/** A cell about the most suspicious test; empty for a declared bias. */
const ofTest =
  (text: (test: BiasTest) => string) =>
  (row: BiasRow): string => {
    const test = mostSuspicious(row);
    return test ? text(test) : '';
  };

const columns: readonly Column<BiasRow>[] = [
  { heading: 'projector', cell: ({ projector }) => projector },
  { heading: 'gradient', cell: ({ gradient }) => gradient },
  { heading: 'side', cell: ({ side }) => side },
  { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
  { heading: 'verdict', cell: ({ verdict }) => (verdict === 'convicted' ? 'CONVICTED' : verdict) },
  { heading: 'along', cell: ofTest(({ direction }) => direction) },
  { heading: 'draws', align: 'right', cell: ofTest(({ draws }) => String(draws)) },
  {
    heading: 'mean',
    align: 'right',
    cell: ofTest(({ mean, standardError, approximate }) => (approximate ? '~' : '') + withError(mean, standardError)),
  },
  { heading: 'expected', align: 'right', cell: ofTest(({ expected }) => significant(expected)) },
  {
    heading: 'evidence',
    align: 'right',
    cell: ofTest(({ evidence, threshold }) => `${significant(evidence)} of ${significant(threshold)}`),
  },
];
