import { describe, expect, it } from 'vitest';
import { type GradientTransform, mul, type Params, type Projector, projectors, type Tensor } from '../../../src/index';
import { findingsOf } from '../../../src/laws/finding';
import { meansLaw } from '../../../src/laws/projector/means';
import { meansLaw as meansOfUpdates } from '../../../src/laws/transform/means';

// Numbers worked out with pencil and paper, so that no factor of the source is left to itself.

describe('the means of a projector', () => {
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
    const findings = await findingsOf(meansLaw(level), doubling, { shape: [3, 4], rank: 1, seed: 0 });
    const draws = Object.fromEntries(findings.map(({ of, draws }) => [of, draws]));
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
  const findings = await findingsOf(
    meansOfUpdates({
      expected: () => ({ init: () => null, update: (grads) => [grads, null] }),
      steps: 2,
      falseAlarm: 1e-9,
      power: 0.9,
      effect: 0.5,
    }),
    halving,
    { shapes: { a: [4] }, present: [], stop: 0, seed: 0 },
  );
  // Samples 1 ± ½ of the size: v = 2·¼·400/399, ρ = ½/2v, and a pair of them brings each side ln(1 + ρ + ρ²/2) − ρ²v,
  // 0.360, of the ln 10 that it needs: seven pairs.
  const along = findings.find(({ of }) => of === 'mean along the expected updates');
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
    const findings = await findingsOf(meansLaw(level), gaussian, { shape: [2, 2], rank: 1, seed: 0 });
    expect(findings.length).toBe(3);
    for (const { threshold } of findings) expect(threshold).toBeCloseTo(Math.log(1000), 12); // ln(4·7/0.028)
    const [once, transfers] = [
      Math.max(...findings.slice(0, 2).map(({ draws = 0 }) => draws)),
      findings[2]?.draws ?? 0,
    ];
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
    const findings = await findingsOf(
      meansOfUpdates({
        expected: () => exactly as GradientTransform<unknown>,
        steps: 2,
        falseAlarm: 0.024,
        power: 0.9,
        effect: 0.2,
      }),
      (seed) => {
        seeds.push(seed);
        return noisy(seed);
      },
      { shapes: { a: [2, 2], b: [3] }, present: [], stop: 0, seed: 4 },
    );
    expect(findings).toHaveLength(6);
    for (const { threshold } of findings) expect(threshold).toBeCloseTo(Math.log(1000), 12); // ln(4·6/0.024)
    const draws = seeds.slice(1); // the first one asks which leaves there are
    expect(draws.length).toBe(Math.max(...findings.map(({ draws = 0 }) => draws)));
    expect(new Set(draws).size).toBe(draws.length);
    expect([seeds[0], Math.min(...draws)]).toEqual([4, 4]); // from the seed of the case on
  });
});
