import { OptionError, StateError } from '../../base/errors';
import { fold, key } from '../../base/key';
import type { GradientTransform } from '../../optim/transform';
import { MeanTest } from '../../study/mean-test';
import { pilotDraws, pilotMargin, variance } from '../../study/pilot';
import { inner, unit } from '../../study/round-trip';
import { random } from '../../tensor/ops/random/random';
import { scope } from '../../tensor/scope';
import type { Params } from '../../tensor/tensor';
import type { Finding, LawOf } from '../finding';
import { gradientsOf, paramsOf, run, type TransformCase } from './case';
import { guarded } from './guarded';

export interface MeanOptions {
  readonly expected: () => GradientTransform<unknown>;
  readonly steps: number;
  readonly falseAlarm: number;
  readonly power: number;
  readonly effect: number;
}

/** A linear functional of the updates of one leaf: Σ over steps of ⟨u_t, w_t⟩, and what it is for the expected updates. */
interface Reading {
  readonly name: string;
  readonly path: string;
  /** w, all steps that return an update one after the other. */
  readonly direction: ArrayLike<number>;
  readonly target: number;
  /** ‖expected updates‖: biases are relative to it. */
  readonly size: number;
}

/** What float32 may do to a reading, relative to the size of the updates. */
const rounding = 1e-4;
/** How many draws a test may need in the worst case. */
const mostDraws = 200_000;

/**
 * For each leaf, that the mean over seeds of the updates is the expected transform's: read along the expected updates
 * of all steps, along those of the last step, where refreshes and transfers have added up, and along a random direction.
 * Each reading is a sequential test with a variance that is measured first.
 */
export function meansLaw(options: MeanOptions): LawOf<(seed: number) => GradientTransform<unknown>, TransformCase> {
  return {
    name: 'the mean of its updates over seeds is what the expected transform gives',
    find: (make, given) => findMeans(make, given, options),
  };
}

async function findMeans(
  make: (seed: number) => GradientTransform<unknown>,
  given: TransformCase,
  options: MeanOptions,
): Promise<Finding[]> {
  const { steps, falseAlarm, power, effect } = options;
  const params = paramsOf(given);
  const gradients = gradientsOf(given, steps);
  const outputsOf = <T>(transform: GradientTransform<T>): Params[] =>
    scope(() => run(transform, params, gradients).outputs);
  const expected = outputsOf(guarded(options.expected, 'the expected transform'));
  if (expected.every((updates) => Object.keys(updates).length === 0)) throw nothingToCompare(steps);
  const readings = (await Promise.all(Object.keys(params).map((path) => readingsOf(path, expected, given)))).flat();
  const level = { falseAlarm: falseAlarm / readings.length, power };
  try {
    const mismatch = differentLeaves(outputsOf(guarded(() => make(given.seed))), expected);
    if (mismatch !== null) return [broken('updates what the expected transform updates', mismatch)];
    const first: number[][] = readings.map(() => []);
    for (let draw = 0; draw < pilotDraws; draw++) {
      const values = await read(draw);
      for (const [i, value] of values.entries()) first[i]?.push(value);
    }
    const tests = readings.map(({ target, size }, i) => {
      const samples = first[i] as number[];
      if (isConstant(samples))
        return new MeanTest({ ...level, expected: target, variance: 0, effect: rounding * size });
      const spread = pilotMargin * variance(samples);
      return new MeanTest({ ...level, expected: target, variance: spread, effect: effect * size });
    });
    const needed = Math.max(...tests.map(({ most }) => most));
    if (needed > mostDraws) throw tooManyDraws(needed, effect);
    for (let draw = pilotDraws; tests.some(({ verdict }) => verdict === null); draw++) {
      const values = await read(draw);
      for (const [i, value] of values.entries()) tests[i]?.add(value);
    }
    return readings.map((reading, i) => findingOf(reading, tests[i] as MeanTest, first[i] as number[], given));
  } catch (error) {
    if (error instanceof StateError && error.code === 'study/contract') {
      return [broken('keeps the form of the contract for every seed', error.message)];
    }
    throw error;
  }

  /** All readings of one draw. */
  async function read(draw: number): Promise<number[]> {
    const outputs = outputsOf(guarded(() => make(given.seed + draw)));
    const stacked = new Map<string, Float32Array>();
    for (const path of Object.keys(params)) stacked.set(path, await stack(path, outputs));
    return readings.map(({ path, direction }) => {
      const updates = stacked.get(path) as Float32Array;
      // NaN convicts a draw that updates this leaf in other steps than the first draw did.
      return updates.length === direction.length ? inner(updates, direction) : Number.NaN;
    });
  }
}

/** The readings of one leaf; where nothing but zeros is expected, only the random direction, on the scale of 1. */
async function readingsOf(path: string, expected: readonly Params[], given: TransformCase): Promise<Reading[]> {
  const all = await stack(path, expected);
  const last = await lastOnly(path, expected);
  const noise = await random.normal(fold(key(given.seed), path, 'direction'), [all.length]).data();
  const read = (name: string, direction: ArrayLike<number>, of: ArrayLike<number>): Reading => {
    const w = unit(direction);
    return { name: `mean along ${name}`, path, direction: w, target: inner(all, w), size: norm(of) || 1 };
  };
  return [
    ...(norm(all) > 0 ? [read('the expected updates', all, all)] : []),
    ...(norm(last) > 0 ? [read('the last expected update', last, last)] : []),
    read('a random direction', noise, all),
  ];
}

function norm(x: ArrayLike<number>): number {
  return Math.sqrt(inner(x, x));
}

/** The updates of a leaf in all steps that have one, one after the other. */
async function stack(path: string, outputs: readonly Params[]): Promise<Float32Array> {
  const parts = await Promise.all(outputs.flatMap((updates) => updatesOf(updates, path)).map((u) => u.data()));
  return Float32Array.from(parts.flatMap((part) => Array.from(part)));
}

/** Like `stack`, with zeros for all but the last step. */
async function lastOnly(path: string, outputs: readonly Params[]): Promise<Float32Array> {
  const all = await stack(path, outputs);
  const last = outputs.flatMap((updates) => updatesOf(updates, path)).at(-1);
  return all.fill(0, 0, all.length - (last?.size ?? 0));
}

function updatesOf(updates: Params, path: string) {
  return Object.hasOwn(updates, path) ? [updates[path] as Params[string]] : [];
}

function findingOf(reading: Reading, test: MeanTest, first: readonly number[], given: TransformCase): Finding {
  const { name, path, target, size } = reading;
  const passed = test.verdict === 'acquitted';
  const stuck = !passed && isConstant(first);
  const level = 'its variance is measured, so the level is approximate';
  const found = `"${path}": ${(test.mean / size).toPrecision(4)} of the size expected, should be ${(target / size).toPrecision(4)}`;
  return {
    of: name,
    passed,
    statistic: test.evidence,
    threshold: test.threshold,
    draws: first.length + test.draws,
    shape: given.shapes[path],
    message: stuck ? `${found}; every seed gives the same update: does make use its seed?` : `${found} (${level})`,
  };
}

function isConstant(samples: readonly number[]): boolean {
  return samples.every((sample) => sample === samples[0]);
}

/** Where two runs do not update the same leaves in the same steps, in words; null if they do. */
function differentLeaves(outputs: readonly Params[], expected: readonly Params[]): string | null {
  for (const [step, updates] of expected.entries()) {
    const got = outputs[step] as Params;
    const missing = Object.keys(updates).find((path) => !Object.hasOwn(got, path));
    const surplus = Object.keys(got).find((path) => !Object.hasOwn(updates, path));
    const path = missing ?? surplus;
    if (path === undefined) continue;
    return `gradient ${step} gives "${path}" ${missing ? 'no update' : 'an update'}, and ${missing ? 'one' : 'none'} in the expected transform`;
  }
  return null;
}

function broken(of: string, message: string): Finding {
  return { of, statistic: 1, threshold: 0, message };
}

function nothingToCompare(steps: number): OptionError {
  return new OptionError({
    code: 'options/range',
    got: `checkTransform got steps = ${steps}, in which the expected transform returns no update`,
    expected: 'at least one whole cycle',
    fix: 'raise steps',
  });
}

function tooManyDraws(needed: number, effect: number): OptionError {
  return new OptionError({
    code: 'study/draws',
    got: `checkTransform would need ${needed} draws to see a bias of ${effect}`,
    expected: `at most ${mostDraws}`,
    fix: 'raise effect, compare fewer steps, or use shapes and ranks with less noise',
  });
}
