import { describe, expect, it } from 'vitest';
import { random } from '../../../src/index';
import { blocksFor, medianOfMeans } from '../../../src/study/median-of-means';

describe('median of means', () => {
  it('takes ⌈8 ln(1/δ)⌉ blocks', () => {
    expect(blocksFor(1e-9)).toBe(166);
    expect(blocksFor(0.5)).toBe(6);
  });

  it('is the median of the block means, two standard deviations of a block wide', () => {
    const samples = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 500, 500, 7]; // six blocks of two; the last sample is left over
    const { estimate, bound } = medianOfMeans(samples, 9, 0.5);
    expect(estimate).toBe(2.5);
    expect(bound).toBeCloseTo(2 * Math.sqrt(9 / 2), 12);
  });

  it('holds for samples so skewed that their plain mean is far off', () => {
    // 1/u for u uniform in (1/1000, 1]: mean 6.9, variance about 950, and a z-test would trust the few large ones.
    const u = random.uniform(random.key(1), [166 * 60]).dataSync();
    const skewed = Array.from(u, (x) => 1 / (0.001 + 0.999 * x));
    const mean = Math.log(1000) / 0.999;
    const { estimate, bound } = medianOfMeans(skewed, 1000 - mean ** 2, 1e-9);
    expect(Math.abs(estimate - mean)).toBeLessThan(bound);
  });

  it('refuses fewer samples than blocks', () => {
    expect(() => medianOfMeans([1, 2, 3], 1, 1e-9)).toThrow(/study\/trials.*at least 166/);
  });
});
