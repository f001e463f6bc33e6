import { fold, key } from '../base/key';
import type { GradientValues, Theory } from '../compress/theory/theory';
import { random } from '../tensor/ops/random/random';
import { MeanTest } from './mean-test';
import { pilotDraws, pilotMargin, variance } from './pilot';
import { inner, unit } from './round-trip';

/** A number that a draw gives, and what it is on average. */
export interface Reading {
  readonly what: string;
  readonly expected: number;
  /** Variance of one draw; undefined if it is not derived: then it is measured first, and the level is approximate. */
  readonly variance: number | undefined;
  /** Smallest deviation that must be seen. */
  readonly effect: number;
  of(lifted: ArrayLike<number>): number;
}

/** A reading, and the test that draws have been given to. */
export interface Judged<R extends Reading> {
  readonly reading: R;
  readonly test: MeanTest;
}

/** ⟨Ĝ, W⟩/‖G‖ for a projection of this gain, W of norm 1 and G that is not zero. */
export function alongDirection(
  gradient: GradientValues,
  theory: Pick<Theory, 'readingVariance'>,
  gain: number,
  w: ArrayLike<number>,
): Pick<Reading, 'expected' | 'variance' | 'of'> {
  const square = inner(gradient.values, gradient.values);
  const size = Math.sqrt(square);
  const derived = theory.readingVariance?.(gradient, w);
  return {
    expected: (gain * inner(gradient.values, w)) / size,
    variance: derived === undefined ? undefined : derived / square,
    of: (lifted) => inner(lifted, w) / size,
  };
}

/** A direction of norm 1 for gradients [n, m], uniform over all; `which` tells several apart. */
export async function randomDirection(
  shape: GradientValues['shape'],
  seed: number,
  ...which: readonly number[]
): Promise<Float64Array> {
  return unit(await random.normal(fold(key(seed), 'direction', ...which), shape).data());
}

/** Draw until each reading is decided. Trials from 0 are tested; those below measure variances that are not derived. */
export async function judge<R extends Reading>(
  readings: readonly R[],
  draw: (trial: number) => Promise<ArrayLike<number>>,
  level: { readonly falseAlarm: number; readonly power: number },
  stopAtConviction = false,
): Promise<Judged<R>[]> {
  const measured = readings.some(({ variance }) => variance === undefined) ? await pilot(readings, draw) : null;
  const tests = readings.map((reading, i) => {
    const variance = reading.variance ?? pilotMargin * (measured?.[i] as number);
    const { expected, effect } = reading;
    return { reading, test: new MeanTest({ ...level, expected, effect, variance }) };
  });
  for (let trial = 0; tests.some(({ test }) => test.verdict === null); trial++) {
    if (stopAtConviction && tests.some(({ test }) => test.verdict === 'convicted')) break;
    const lifted = await draw(trial);
    for (const { reading, test } of tests) if (test.verdict === null) test.add(reading.of(lifted));
  }
  return tests;
}

async function pilot(readings: readonly Reading[], draw: (trial: number) => Promise<ArrayLike<number>>) {
  const samples = readings.map(() => new Float64Array(pilotDraws));
  for (let i = 0; i < pilotDraws; i++) {
    const lifted = await draw(-1 - i); // draws of their own
    readings.forEach((reading, which) => {
      (samples[which] as Float64Array)[i] = reading.of(lifted);
    });
  }
  return samples.map(variance);
}
