import { compressedDimension, type Projector } from '../../compress/projector';
import { type GradientValues, squaredNorms, type Theory } from '../../compress/theory/theory';
import type { MeanTest } from '../../study/mean-test';
import { alongDirection, judge, type Reading, randomDirection } from '../../study/readings';
import { drawProjection, inner, readGradient, roundTrip, unit } from '../../study/round-trip';
import { noGrad } from '../../tensor/derivatives/no-grad';
import type { Tensor } from '../../tensor/tensor';
import { type Finding, passes } from '../finding';
import { type ProjectorCase, type ProjectorLaw, sampleGradient } from './case';

/** How sure the findings about means are on one case. */
export interface Certainty {
  /** Chance that any of them calls a right projector wrong. */
  readonly falseAlarm: number;
  /** Chance to convict a projector that is off by `effect` or more. */
  readonly power: number;
  /** Smallest deviation that must be seen, relative to the promised mean. */
  readonly effect: number;
}

/** A number that each draw gives, with the finding that its mean belongs to. */
interface LawReading extends Reading {
  /** Name of the finding. */
  readonly finding: string;
}

/** A row or column that is lost altogether deviates by 1; half of that must be seen. */
const coordinateEffect = 0.5;

/**
 * What holds in expectation over draws, on one gradient: the mean and the mean squared error of up(down(G)), and the mean after a
 * transfer to a fresh projection. A mean cannot be seen, only samples of it, so each is decided by a `MeanTest`, whose
 * expected value and variance are the projector's own `theory`. A matrix is tested by readings ⟨Ĝ, W⟩, one number for each
 * direction W. The chance of a false alarm is divided among all of them.
 */
export function meansLaw(certainty: Certainty, stopAtFailure = false): ProjectorLaw {
  return {
    name: 'mean, mean squared error and transferred mean are those of the theory',
    find: (projector, given) => findMeans(projector, given, certainty, stopAtFailure),
  };
}

async function findMeans(
  projector: Projector,
  given: ProjectorCase,
  { falseAlarm, power, effect }: Certainty,
  stopAtFailure: boolean,
): Promise<Finding[]> {
  const gradient = sampleGradient(given, 'gradient');
  const values = await readGradient(projector, gradient);
  const theory = projector.theory(compressedDimension(values), given.rank, values);
  const direction = await randomDirection(given.shape, given.seed);
  const trips = [squaredError(values, theory, effect), ...means(values, theory, direction, effect)];
  const transfers = transferMeans(projector, values, theory, direction, effect);
  const level = { power, falseAlarm: falseAlarm / (trips.length + transfers.length) };
  const once = (trial: number) => roundTrip(projector, gradient, { ...given, trial });
  const twice = (trial: number) => roundTripTwice(projector, gradient, given, trial);
  const first = await decide(trips, once, level, stopAtFailure);
  if (stopAtFailure && !first.every(passes)) return first;
  return [...first, ...(await decide(transfers, twice, level, stopAtFailure))];
}

/** E‖Ĝ − G‖²/‖G‖² */
function squaredError({ values }: GradientValues, theory: Theory, effect: number): LawReading {
  const square = inner(values, values);
  return {
    finding: 'mean squared error',
    what: 'the mean squared error',
    expected: theory.relativeMse,
    variance: theory.relativeMseVariance,
    effect: effect * (theory.relativeMse || 1),
    of: (lifted) => (inner(lifted, lifted) - 2 * inner(lifted, values)) / square + 1,
  };
}

/** E⟨Ĝ, W⟩ along G, along a random direction, and along each row or column that is compressed away. */
function means(gradient: GradientValues, theory: Theory, direction: Float64Array, effect: number): LawReading[] {
  const { gain } = theory;
  if (gain === null) return [];
  const { values, shape, side } = gradient;
  const square = inner(values, values);
  const along = (what: string, w: Float64Array, smallest: number): LawReading => ({
    ...alongDirection(gradient, theory, gain, w),
    finding: 'mean',
    what: `the mean of ⟨Ĝ, W⟩/‖G‖ for ${what}`,
    effect: gain * smallest,
  });
  if (side === 'both') return [along('W = G', unit(values), effect), along('a random W', direction, effect)];
  const coordinates = Array.from(squaredNorms(gradient), (norm, j) => {
    const only = unit(Float64Array.from(values, (x, at) => (coordinate(at, shape, side) === j ? x : 0)));
    const share = Math.sqrt(norm / square);
    return along(`${side === 'left' ? 'row' : 'column'} ${j} alone`, only, coordinateEffect * share);
  }).filter((reading) => reading.effect > 0);
  return [along('W = G', unit(values), effect), along('a random W', direction, effect), ...coordinates];
}

function coordinate(at: number, [, m]: GradientValues['shape'], side: GradientValues['side']): number {
  return side === 'left' ? Math.floor(at / m) : at % m;
}

/**
 * E⟨Ĝ′, W⟩ = gain²·⟨G, W⟩ for Ĝ′ = up(new, transfer(down(old, G))). With B = up(down(G)) under the old projection,
 * E‖B‖² = (mse + 2·gain − 1)‖G‖², and a reading of the second round trip has variance at most c·E‖B‖² + gain²·v: v is the
 * variance of the first reading, and c bounds Var⟨up(down(B)), W⟩/‖B‖². By Cauchy and Schwarz c = mse − (1 − gain)² will
 * do where the theory states none. Only for projectors that ignore the gradient: others do not make B unbiased.
 */
function transferMeans(
  projector: Projector,
  gradient: GradientValues,
  theory: Theory,
  direction: Float64Array,
  effect: number,
): LawReading[] {
  const { gain, relativeMse, largestReadingVariance = Infinity } = theory;
  if (gain === null || projector.refresh) return [];
  const c = Math.min(relativeMse - (1 - gain) ** 2, largestReadingVariance);
  return [unit(gradient.values), direction].map((w, i) => {
    const { expected, variance: first, of } = alongDirection(gradient, theory, gain, w);
    return {
      finding: 'transferred mean',
      what: `the mean of ⟨Ĝ′, W⟩/‖G‖ after a transfer, for ${i === 0 ? 'W = G' : 'a random W'}`,
      expected: gain * expected,
      variance: first === undefined ? undefined : c * (relativeMse + 2 * gain - 1) + gain ** 2 * first,
      effect: gain ** 2 * 2 * effect, // two projections scatter more than one
      of,
    };
  });
}

async function roundTripTwice(
  projector: Projector,
  gradient: Tensor,
  given: ProjectorCase,
  trial: number,
): Promise<ArrayLike<number>> {
  const lifted = noGrad(() => {
    const from = drawProjection(projector, gradient, { ...given, trial: 2 * trial });
    const to = drawProjection(projector, gradient, { ...given, trial: 2 * trial + 1 });
    return projector.up(to, projector.transfer(projector.down(from, gradient), from, to));
  });
  return lifted.data();
}

/** Draw until each reading is decided; each finding is about its most suspicious reading. */
async function decide(
  readings: readonly LawReading[],
  draw: (trial: number) => Promise<ArrayLike<number>>,
  level: { falseAlarm: number; power: number },
  stopAtFailure: boolean,
): Promise<Finding[]> {
  const tests = await judge(readings, draw, level, stopAtFailure);
  const findings = [...new Set(readings.map(({ finding }) => finding))];
  return findings.map((of) => {
    const own = tests.filter(({ reading }) => reading.finding === of);
    const convicted = own.filter(({ test }) => test.verdict === 'convicted');
    const [{ reading, test }] = [...(convicted.length > 0 ? convicted : own)].sort(
      (a, b) => b.test.evidence - a.test.evidence,
    ) as [(typeof own)[number]];
    const draws = Math.max(...own.map((one) => one.test.draws));
    return {
      of,
      statistic: test.evidence,
      threshold: test.threshold,
      draws,
      passed: convicted.length === 0,
      message: words(reading, test),
    };
  });
}

function words(reading: Reading, test: MeanTest): string {
  const { what, expected, effect, variance } = reading;
  const level = variance === undefined ? '; its variance is measured, so the level is approximate' : '';
  return `${what} is ${test.mean.toPrecision(4)} over ${test.draws} draws; expected ${expected.toPrecision(4)}, told apart from ±${effect.toPrecision(2)}${level}`;
}
