import { describe, expect, it } from 'vitest';
import { projectors, random, tensor } from '../../../../src/index';
import { questions, type SpectrumRow } from '../../../../src/study';
import { marchenkoPastur } from '../../../../src/study/marchenko-pastur';
import { singularValues } from '../../../support/singular-values';

const { spectrum } = questions;
const gradientOf = (n: number, m: number) => ({ name: 'g', gradient: random.normal(random.key(1), [n, m]) });

describe('the law of Marchenko and Pastur', () => {
  it('of a square is that of the squares of a quarter circle', () => {
    const { low, high, quantile } = marchenkoPastur(50, 50);
    expect([low, high]).toEqual([0, 4]);
    for (const s of [0.1, 0.5, 1, 1.5, 1.9]) {
      // Area of the quarter of x² + y² ≤ 4 that is left of s, of π.
      const share = ((s / 2) * Math.sqrt(4 - s ** 2) + 2 * Math.asin(s / 2)) / Math.PI;
      expect(quantile(share)).toBeCloseTo(s ** 2, 5);
    }
  });

  it.each([
    [64, 4],
    [512, 16],
    [10, 9],
  ])('for d = %d and r = %d has mean d/r, second moment (d/r)²·(1 + r/d) and its edges', (d, r) => {
    const { low, high, quantile } = marchenkoPastur(d, r);
    const draws = Array.from({ length: 1000 }, (_, i) => quantile((i + 0.5) / 1000));
    const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(draws) / (d / r)).toBeCloseTo(1, 4);
    expect(mean(draws.map((x) => x ** 2)) / (d / r) ** 2).toBeCloseTo(1 + r / d, 3);
    expect([quantile(0), quantile(1)]).toEqual([expect.closeTo(low, 6), expect.closeTo(high, 6)]);
  });

  it('has the edges of the notes: 21.7 and 44.3 for d = 512 and r = 16', () => {
    const { low, high } = marchenkoPastur(512, 16);
    expect([low, high]).toEqual([expect.closeTo(21.7, 1), expect.closeTo(44.3, 1)]);
  });
});

describe('the spectrum', () => {
  it('has one eigenvalue where rows are orthogonal and of one length', async () => {
    const { haar, coordinates, haarUnscaled, svd, topCoordinates } = projectors;
    const list = [haar, coordinates, haarUnscaled, svd, topCoordinates];
    const { rows } = await spectrum.ask({ gradients: [gradientOf(12, 20)], projectors: list, ranks: [3], trials: 4 });
    expect(rows.map(({ trials }) => trials)).toEqual([4, 4, 4, 1, 1]);
    for (const [i, expected] of [4, 4, 1, 1, 1].entries()) {
      const { smallest, largest, trace, eigenvalues, dimension, nonzero } = rows[i] as SpectrumRow;
      for (const value of [smallest, largest, trace / 3, ...eigenvalues.map(({ mean }) => mean)])
        expect(value).toBeCloseTo(expected, 5);
      expect([dimension, nonzero, eigenvalues.length]).toEqual([12, 3, 3]);
    }
  });

  it('is that of a matrix by hand, without what is 0', async () => {
    const a = tensor([2, 0, 0, 1, 0, 3, 0, 0, 0, 6, 0, 0], { shape: [3, 4] });
    const g = { name: 'g', gradient: random.normal(random.key(1), [5, 4]) };
    const { rows } = await spectrum.ask({
      gradients: [g],
      projectors: [projectors.explicit([a, a])],
      ranks: [3],
      trials: 2,
    });
    // Of the rows: 4 + 1, and twice the same direction, 9 + 36.
    expect(rows[0]).toMatchObject({
      smallest: expect.closeTo(5, 6),
      largest: expect.closeTo(45, 6),
      nonzero: 2,
      trace: expect.closeTo(50, 6),
      traceError: 0,
    });
    expect(rows[0]?.eigenvalues.map(({ mean }) => mean)).toEqual([45, 5, 0].map((x) => expect.closeTo(x, 6)));
  });

  it('of a gaussian is the squared singular values of its A, and follows the law', async () => {
    const gradients = [gradientOf(300, 256)];
    const options = { gradients, projectors: [projectors.gaussian], ranks: [32], trials: 2, seed: 3 };
    const { rows, figures } = await spectrum.ask(options);
    const row = rows[0] as SpectrumRow;
    const first = [0, 1].map((trial) => {
      const key = random.fold(random.key(3), 'trial', trial);
      const p = projectors.gaussian.sample(key, [300, 256], 32, trial);
      const a = projectors.gaussian.down(p, tensor(identity(256), { shape: [256, 256] })).dataSync(); // Aᵀ [256, 32]
      return singularValues([...a], [256, 32]).map((s) => s ** 2);
    }) as [number[], number[]];
    for (const [k, { mean, smallest, largest }] of row.eigenvalues.entries()) {
      const [x, y] = [first[0][k] as number, first[1][k] as number];
      expect(mean).toBeCloseTo((x + y) / 2, 3);
      expect([smallest, largest]).toEqual([expect.closeTo(Math.min(x, y), 3), expect.closeTo(Math.max(x, y), 3)]);
    }
    // (√8 − 1)² = 3.343 and (√8 + 1)² = 14.657; 32 eigenvalues stay within a tenth of them, and their middle is near.
    expect([row.lowEdge, row.highEdge]).toEqual([expect.closeTo(3.343, 3), expect.closeTo(14.657, 3)]);
    expect(row.smallest / row.lowEdge).toBeGreaterThan(0.9);
    expect(row.largest / row.highEdge).toBeLessThan(1.1);
    const law = marchenkoPastur(256, 32);
    expect((row.eigenvalues[16]?.mean as number) / law.quantile(0.5)).toBeCloseTo(1, 1);
    // The trace is a mean of 2·256·32 squares of variance 2/32² each, over 32: 6 standard errors.
    expect(Math.abs(row.trace - 256)).toBeLessThan(6 * Math.sqrt(512 / 32 / 2));
    expect(figures.map(({ name }) => name)).toEqual(['spectrum-g-rank-32']);
  });

  it('refuses two sides; a seed gives the same again', async () => {
    const gradients = [gradientOf(6, 5)];
    const two = spectrum.ask({ gradients, projectors: [projectors.twoSidedProduct], ranks: [2] });
    await expect(two).rejects.toThrow(/\[study\/two-sided\]/);
    const asked = (seed: number) => spectrum.ask({ gradients, ranks: [2], trials: 3, seed });
    expect((await asked(4)).rows).toEqual((await asked(4)).rows);
    expect((await asked(4)).rows[0]?.largest).not.toBe((await asked(5)).rows[0]?.largest);
  });
});

const identity = (d: number): number[] => Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 1 : 0));
