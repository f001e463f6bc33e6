import { describe, expect, it } from 'vitest';
import {
  type GradientTransform,
  mul,
  type Params,
  type Projector,
  projectors,
  random,
  type Tensor,
  tensor,
} from '../../../src/index';
import { projectionError } from '../../../src/study';
import { MeanTest } from '../../../src/study/mean-test';
import { meanVerdicts } from '../../../src/study/mean-verdicts';
import { expectations } from '../../../src/study/projector-expectations';

// Numbers worked out with pencil and paper, so that no factor of the source is left to itself.

describe('a test of a mean', () => {
  it('of variance 4 and effect 1: threshold, most and evidence', () => {
    const test = new MeanTest({ expected: 3, variance: 4, effect: 1, falseAlarm: 0.04, power: 0.9 });
    expect(test.threshold).toBeCloseTo(4.605170185988092, 12); // ln 100
    expect(test.most).toBe(127); // (ln 10 + ln 100)/(1/16 · (1 − 1/8)) = 126.31…
    test.add(5); // α = 1/8: ln(1 + ¼ + 1/32) − 1/32 above, −ln(1 + ¼ + 1/32) − 1/32 below
    expect(test.evidence).toBeCloseTo(0.24783616390458 - 0.03125, 12);
    test.add(3);
    expect(test.evidence).toBeCloseTo(0.24783616390458 - 0.0625, 12);
    expect([test.draws, test.mean, test.verdict]).toEqual([2, 4, null]);
  });
  it('of no variance: as if it were the square of the effect', () => {
    const { most, threshold } = new MeanTest({ expected: 0, variance: 0, effect: 1, falseAlarm: 0.04, power: 0.9 });
    expect(most).toBe(56); // (ln 10 + ln 100)/(1/8) = 55.26…
    expect(threshold).toBeCloseTo(4.605170185988092, 12);
  });
});

/** Every third round trip turns G [n, 2] by acos 0.6 and doubles it, the others only turn it. */
function turning(readingVariance: number): { projector: Projector; keys: string[] } {
  const keys: string[] = [];
  const turn = tensor([0.6, -0.8, 0.8, 0.6], { shape: [2, 2] });
  type P = { side: 'right'; shape: readonly [number, number]; rank: number; trial: number };
  const projector = {
    name: 'turning',
    side: () => 'right' as const,
    sample(key: unknown, shape: readonly number[], rank: number, trial = 0): P {
      keys.push(String(key));
      return { side: 'right', shape: shape as [number, number], rank, trial };
    },
    down: (_: P, g: Tensor) => g,
    up: (p: P, c: Tensor) => mul(c.matmul(turn), p.trial % 4 === 0 ? 2 : 1),
    transfer: (c: Tensor) => c,
    storedFloats: () => 0,
    theory: (_d: number, _r: number, given?: { values: ArrayLike<number> }) => {
      const square = Array.from(given?.values ?? []).reduce((sum, x) => sum + x ** 2, 0);
      return { gain: 1, relativeMse: 7, readingVariance: () => readingVariance * square ** 2 };
    },
  };
  return { projector: projector as unknown as Projector, keys };
}

describe('projectionError', () => {
  it('of a known round trip: error, bias, bound and cosine', async () => {
    const { projector, keys } = turning(9);
    const trials = 4 * 166;
    const row = await projectionError({ projector, rows: 3, columns: 2, rank: 1, trials });
    expect(row.cosine).toBeCloseTo(0.6, 6);
    expect(row.relativeMse).toBeCloseTo((3 * 0.8 + 2.6) / 4, 5); // s² − 1.2·s + 1 for s = 1 and 2
    expect(row.biasStatistic).toBeCloseTo(0.25, 6); // each block of 4 has the mean 0.6·5/4
    expect(row.biasThreshold).toBeCloseTo(2 * Math.sqrt(9 / 4) + 1e-5, 9);
    expect(row.theoryMse).toBe(7);
    expect(new Set(keys).size).toBe(trials);
  });
  it('has the cosine of a direct computation', async () => {
    const options = { projector: projectors.coordinates, rows: 4, columns: 3, rank: 2, trials: 200, seed: 5 };
    const row = await projectionError(options);
    // Two of three columns kept: the cosine is ‖kept‖/‖G‖, and each pair is as likely as the others.
    const g = random.normal(random.fold(random.key(5), 'gradient'), [4, 3]).dataSync();
    const squares = [0, 1, 2].map((j) => [0, 3, 6, 9].reduce((sum, at) => sum + (g[at + j] as number) ** 2, 0)) as [
      number,
      number,
      number,
    ];
    const total = squares[0] + squares[1] + squares[2];
    const possible = squares.map((dropped) => Math.sqrt(1 - dropped / total));
    expect(row.cosine).toBeGreaterThan(Math.min(...possible));
    expect(row.cosine).toBeLessThan(Math.max(...possible));
    const counts = [0, 0, 0];
    for (let trial = 0; trial < 200; trial++) {
      const p = projectors.coordinates.sample(random.fold(random.key(5), 'trial', trial), [4, 3], 2, trial);
      const kept = projectors.coordinates
        .up(p, projectors.coordinates.down(p, tensor(Array.from(g), { shape: [4, 3] })))
        .dataSync();
      (counts[[0, 1, 2].findIndex((j) => kept[j] === 0)] as number) += 1;
    }
    const mean = counts.reduce((sum, count, j) => sum + (count * (possible[j] as number)) / 200, 0);
    expect(row.cosine).toBeCloseTo(mean, 6);
  });
});

describe('expectations of a projector', () => {
  it('take as many draws as the variances of its theory ask for', async () => {
    // The round trip doubles and a transfer doubles again, with no noise at all: then the evidence of every draw is
    // ln(1 + ρe + (ρe)²/2) − ρ²v/2 with ρ = e/2v, for the effect e and the variance v, and 1 − power asks for ln 10.
    const doubling = {
      name: 'doubling',
      side: () => 'both',
      sample: (_: unknown, shape: readonly number[], rank: number) => ({ side: 'both', shape, rank }),
      down: (_: unknown, g: Tensor) => g,
      up: (_: unknown, c: Tensor) => mul(c, 2),
      transfer: (c: Tensor) => mul(c, 2),
      storedFloats: () => 0,
      theory: (_d: number, _r: number, given?: { values: ArrayLike<number> }) => {
        const square = Array.from(given?.values ?? []).reduce((sum, x) => sum + x ** 2, 0);
        return { gain: 2, relativeMse: 3, relativeMseVariance: 1, readingVariance: () => 5 * square };
      },
    } as unknown as Projector;
    const level = { falseAlarm: 1e-9, power: 0.9, effect: 0.5 };
    const verdicts = await expectations(doubling, { shape: [3, 4], rank: 1, seed: 0 }, level);
    const draws = Object.fromEntries(verdicts.map(({ check, draws }) => [check, draws]));
    // e = 2·½, v = 5, ρ = 0.1: ln 10/(ln 1.105 − 0.025) = 30.8.
    expect(draws.mean).toBe(31);
    // c = 3 − (1 − 2)² = 2, v = 2·(3 + 4 − 1) + 4·5 = 32, e = 4·2·½, ρ = 1/16: ln 10/(ln 1.28125 − 0.0625) = 12.4.
    expect(draws['transferred mean']).toBe(13);
  });
});

/** Every other seed halves what comes, the others take half as much again. */
const halving = (seed: number): GradientTransform<null> => ({
  init: () => null,
  update: (grads: Params) => [
    Object.fromEntries(Object.entries(grads).map(([path, g]) => [path, mul(g, seed % 2 === 0 ? 0.5 : 1.5)])),
    null,
  ],
});

it('a mean of updates is tested with twice the variance that the first 400 draws had', async () => {
  const verdicts = await meanVerdicts(
    halving,
    { shapes: { a: [4] }, present: [], stop: 0, seed: 0 },
    {
      expected: () => ({ init: () => null, update: (grads) => [grads, null] }),
      steps: 2,
      falseAlarm: 1e-9,
      power: 0.9,
      effect: 0.5,
    },
  );
  // Samples 1 ± ½ of the size: v = 2·¼·400/399, ρ = ½/2v, and a pair of them brings each side ln(1 + ρ + ρ²/2) − ρ²v,
  // 0.360, of the ln 10 that it needs: seven pairs.
  const along = verdicts.find(({ check }) => check === 'mean along the expected updates');
  expect([along?.passed, along?.draws]).toEqual([true, 400 + 14]);
});

describe('a false-alarm chance is divided among readings, and no draw is used twice', () => {
  it('of a projector: 2 + 2 columns and the error, and 2 transfers', async () => {
    const keys: string[] = [];
    const gaussian: Projector = {
      ...projectors.gaussian,
      sample(key, shape, rank, refresh) {
        keys.push(String(key));
        return projectors.gaussian.sample(key, shape, rank, refresh);
      },
    } as Projector;
    const level = { falseAlarm: 0.028, power: 0.9, effect: 0.5 };
    const verdicts = await expectations(gaussian, { shape: [2, 2], rank: 1, seed: 0 }, level);
    expect(verdicts.length).toBe(3);
    for (const { threshold } of verdicts) expect(threshold).toBeCloseTo(Math.log(1000), 12); // ln(4·7/0.028)
    const [once, transfers] = [Math.max(...verdicts.slice(0, 2).map(({ draws }) => draws)), verdicts[2]?.draws ?? 0];
    expect(keys).toHaveLength(once + 2 * transfers);
    expect(new Set(keys.slice(0, once)).size).toBe(once);
    expect(new Set(keys.slice(once)).size).toBe(2 * transfers);
  });

  it('of a transform: three for each leaf', async () => {
    const seeds: number[] = [];
    const noisy = (seed: number): GradientTransform<null> => ({
      init: () => null,
      update: (grads: Params) => {
        const noisier = Object.entries(grads).map(([path, g]) => [path, mul(g, 1 + 0.1 * ((seed % 2) * 2 - 1))]);
        return [Object.fromEntries(noisier) as Params, null];
      },
    });
    const exactly: GradientTransform<null> = { init: () => null, update: (grads) => [grads, null] };
    const verdicts = await meanVerdicts(
      (seed) => {
        seeds.push(seed);
        return noisy(seed);
      },
      { shapes: { a: [2, 2], b: [3] }, present: [], stop: 0, seed: 4 },
      { expected: () => exactly as GradientTransform<unknown>, steps: 2, falseAlarm: 0.024, power: 0.9, effect: 0.2 },
    );
    expect(verdicts).toHaveLength(6);
    for (const { threshold } of verdicts) expect(threshold).toBeCloseTo(Math.log(1000), 12); // ln(4·6/0.024)
    const draws = seeds.slice(1); // the first one asks which leaves there are
    expect(draws.length).toBe(Math.max(...verdicts.map((verdict) => verdict.draws)));
    expect(new Set(draws).size).toBe(draws.length);
    expect([seeds[0], Math.min(...draws)]).toEqual([4, 4]); // from the seed of the case on
  });
});
