import { describe, expect, it } from 'vitest';
import { mul, type Projector, projectors, random, type Tensor, tensor } from '../../../src/index';
import { projectionError } from '../../../src/study';
import { MeanTest } from '../../../src/study/mean-test';

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
