import { describe, expect, it } from 'vitest';
import { add, matmul, type Projector, projectors, random, tensor } from '../../../src/index';
import { gradientFamilies, projectionError } from '../../../src/study';
import { singularValues } from '../../support/singular-values';

describe('projectionError', () => {
  it('gives the row of the contract, the same for the same seed', async () => {
    const options = { projector: projectors.haar, rows: 6, columns: 4, rank: 2, trials: 400, seed: 3 };
    const row = await projectionError(options);
    expect(Object.keys(row)).toEqual([
      'projector',
      'rows',
      'columns',
      'side',
      'rank',
      'trials',
      'relativeMse',
      'theoryMse',
      'biasStatistic',
      'biasThreshold',
      'cosine',
      'gain',
      'gainStatistic',
      'directionStatistic',
      'directionThreshold',
      'standardError',
      'seed',
    ]);
    expect(row).toMatchObject({ projector: 'haar', side: 'right', theoryMse: 1 });
    expect(row.biasStatistic).toBeLessThan(row.biasThreshold);
    expect(await projectionError(options)).toEqual(row);
  });

  it('sees nothing but rounding where nothing is lost', async () => {
    const row = await projectionError({ projector: projectors.haar, rows: 5, columns: 3, rank: 3, trials: 200 });
    expect(row.theoryMse).toBe(0);
    expect(Math.abs(row.relativeMse)).toBeLessThan(1e-5);
    expect(row.biasStatistic).toBeLessThan(row.biasThreshold);
  });

  /** Its mean is G + G·K with a skew K, which leaves ⟨Ĝ, G⟩ as it is. */
  const skewed: Projector = {
    ...projectors.haar,
    name: 'skewed',
    up(p, c) {
      const lifted = projectors.haar.up(p as never, c);
      const k = tensor([0, 0.5, 0, 0, -0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, -0.5, 0], { shape: [4, 4] });
      return add(lifted, matmul(lifted, k));
    },
  };

  it.each([
    [projectors.haar as Projector, false],
    [skewed, true],
  ])('looks for bias along the gradient and where the first half of the draws is off', async (projector, biased) => {
    const row = await projectionError({ projector, rows: 6, columns: 4, rank: 2, trials: 2000, seed: 3 });
    expect(row.biasStatistic).toBeLessThan(row.biasThreshold);
    expect((row.directionStatistic as number) > (row.directionThreshold as number)).toBe(biased);
  });

  it('tells a declared gain from an undeclared one', async () => {
    const options = { rows: 8, columns: 8, rank: 2, trials: 400 };
    const declared = await projectionError({ ...options, projector: projectors.haarUnscaled });
    expect(declared.gain).toBe(0.25);
    expect(declared.biasStatistic).toBeGreaterThan(declared.biasThreshold); // it is not unbiased
    expect(declared.gainStatistic).toBeLessThan(declared.biasThreshold); // and keeps what it declares
    const { theory } = projectors.haar;
    const wrong = await projectionError({ ...options, projector: { ...projectors.haarUnscaled, theory } as never });
    expect(wrong.gainStatistic).toBeGreaterThan(wrong.biasThreshold);
  });

  it('has no second direction for few trials, or where no gain is declared', async () => {
    const options = { rows: 6, columns: 4, rank: 2 };
    const none = { directionStatistic: null, directionThreshold: null };
    expect(await projectionError({ ...options, projector: projectors.haar, trials: 331 })).toMatchObject(none);
    expect(await projectionError({ ...options, projector: projectors.svd, trials: 400 })).toMatchObject({
      ...none,
      gain: null,
    });
    const { directionThreshold } = await projectionError({ ...options, projector: projectors.haar, trials: 332 });
    expect(directionThreshold).toBeGreaterThan(0);
  });

  it('has the standard error of its error', async () => {
    const options = { rank: 1, trials: 2000 };
    const gaussian = await projectionError({ ...options, projector: projectors.gaussian, gradient: tensor([[1]]) });
    // Ĝ = x² with x normal: (x² − 1)² has the mean 2 and the variance 60 − 4 = 56.
    expect(gaussian.theoryMse).toBe(2);
    expect(gaussian.standardError).toBeGreaterThan(0.5 * Math.sqrt(56 / 2000));
    expect(gaussian.standardError).toBeLessThan(2 * Math.sqrt(56 / 2000));
  });

  it.each(Object.keys(gradientFamilies) as (keyof typeof gradientFamilies)[])('takes the family %s', async (name) => {
    const make = () => gradientFamilies[name](random.key(2), [8, 12]);
    expect([make().shape, make().dataSync()]).toEqual([[8, 12], make().dataSync()]);
    for (const projector of [projectors.gaussian, projectors.svd, projectors.topCoordinates] as readonly Projector[]) {
      const row = await projectionError({ projector, gradient: make(), rank: 3, trials: 400 });
      for (const value of Object.values(row))
        if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(-1e-6);
      expect([row.rows, row.columns]).toEqual([8, 12]);
      if (name === 'zero')
        expect([row.relativeMse, row.theoryMse, row.biasStatistic, row.cosine]).toEqual([0, 0, 0, 0]);
    }
  });

  it.each([
    projectors.svd,
    projectors.topCoordinates,
    projectors.svdOf(gradientFamilies.gaussian(random.key(3), [4, 6])),
  ])('theories say that nothing of a zero gradient is lost', (projector) => {
    const zero = { values: new Float32Array(24), shape: [4, 6], side: 'left' } as const;
    expect(projector.theory(4, 2, zero).relativeMse).toBe(0);
  });

  it('gradient families are what they say', async () => {
    const of = (name: keyof typeof gradientFamilies) => gradientFamilies[name](random.key(5), [32, 48]);
    const lengths = (name: keyof typeof gradientFamilies) =>
      singularValues([...of(name).dataSync()], [32, 48]).sort((a, b) => b - a);
    for (const [i, s] of lengths('powerLaw').entries()) expect(s).toBeCloseTo(1 / (i + 1), 5);
    for (const [i, s] of lengths('illConditioned').entries()) expect(s).toBeCloseTo(10 ** ((-6 * i) / 31), 5);
    const low = lengths('lowRank');
    expect((low[1] as number) / (low[2] as number)).toBeGreaterThan(5); // rank 2 of 32, and noise
    const zeros = [...of('sparse').dataSync()].filter((x) => x === 0).length;
    expect(zeros / (32 * 48)).toBeGreaterThan(0.9);
    expect(zeros / (32 * 48)).toBeLessThan(0.98);
    const kurtosis = (values: number[]) => {
      const square = values.reduce((sum, x) => sum + x ** 2, 0) / values.length;
      return values.reduce((sum, x) => sum + x ** 4, 0) / values.length / square ** 2;
    };
    expect(kurtosis([...of('heavyTailed').dataSync()])).toBeGreaterThan(10);
    expect(kurtosis([...of('gaussian').dataSync()])).toBeLessThan(5);
  });

  it('refuses a gradient beside sizes, or neither', async () => {
    const options = { projector: projectors.gaussian, rank: 1 };
    const gradient = tensor([[1, 2]]);
    for (const wrong of [{}, { rows: 3 }, { rows: 1, columns: 2, gradient }, { gradient: tensor([1, 2]) }])
      await expect(projectionError({ ...options, ...wrong })).rejects.toThrow(/study\/gradient/);
    await expect(projectionError({ ...options, gradient: 3 as never })).rejects.toThrow(/arguments\/tensor/);
  });

  it('refuses too few trials and ranks that do not fit', async () => {
    const options = { projector: projectors.gaussian, rows: 6, columns: 4 };
    await expect(projectionError({ ...options, rank: 2, trials: 10 })).rejects.toThrow(/study\/trials/);
    await expect(projectionError({ ...options, rank: 5 })).rejects.toThrow(/projector\/rank/);
    await expect(projectionError({ ...options, rank: 0 })).rejects.toThrow(/options\/range/);
  });
});
