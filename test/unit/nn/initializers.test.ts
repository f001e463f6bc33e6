import chisquare from '@stdlib/stats-base-dists-chisquare';
import { describe, expect, it } from 'vitest';
import { normalCdf } from '../../../src/base/erf';
import { initializers, random, type Tensor } from '../../../src/index';

const key = random.key(5);
const shape = [125, 80, 5, 2]; // fanIn 800, fanOut 1250
const n = 100_000;
const falseAlarm = 1e-9; // of each assertion, over the choice of the key
const sample = (t: Tensor): number[] => Array.from(t.dataSync());

/**
 * The largest distance of the empirical from the true distribution function exceeds √(ln(2/δ)/(2n)) with chance at most δ.
 * @see Massart, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality" (1990).
 */
function expectLaw(values: readonly number[], cdf: (x: number) => number): void {
  const sorted = [...values].sort((a, b) => a - b);
  const distances = sorted.map((x, i) => Math.max((i + 1) / n - cdf(x), cdf(x) - i / n));
  expect(Math.max(...distances.slice(0, n / 2)), 'lower half').toBeLessThan(
    Math.sqrt(Math.log(2 / falseAlarm) / (2 * n)),
  );
  expect(Math.max(...distances.slice(n / 2)), 'upper half').toBeLessThan(Math.sqrt(Math.log(2 / falseAlarm) / (2 * n)));
}

describe('uniform laws', () => {
  it.each<[string, Tensor, number]>([
    ['xavierUniform', initializers.xavierUniform(key, shape), Math.sqrt(6 / 2050)],
    ['xavierUniform, gain 2', initializers.xavierUniform(key, shape, { gain: 2 }), 2 * Math.sqrt(6 / 2050)],
    ['kaimingUniform', initializers.kaimingUniform(key, shape), Math.sqrt(6 / 800)],
    [
      'kaimingUniform of Linear and Conv2d',
      initializers.kaimingUniform(key, shape, { slope: Math.sqrt(5) }),
      1 / Math.sqrt(800),
    ],
    ['kaimingUniform, fanOut', initializers.kaimingUniform(key, shape, { mode: 'fanOut' }), Math.sqrt(6 / 1250)],
  ])('%s keeps its bounds exactly and is uniform between them', (_, x, bound) => {
    const values = sample(x);
    expect(x.shape).toEqual(shape);
    expect(Math.max(...values)).toBeLessThanOrEqual(Math.fround(bound));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-Math.fround(bound));
    // None of n draws in the outermost thousandth on a side: (1 − 1/2000)^n < 1e-21.
    expect(Math.max(...values)).toBeGreaterThan(0.999 * bound);
    expect(Math.min(...values)).toBeLessThan(-0.999 * bound);
    expectLaw(values, (y) => (y / bound + 1) / 2);
  });
});

describe('normal laws', () => {
  it.each<[string, Tensor, number]>([
    ['xavierNormal', initializers.xavierNormal(key, shape), Math.sqrt(2 / 2050)],
    ['xavierNormal, gain 0.5', initializers.xavierNormal(key, shape, { gain: 0.5 }), 0.5 * Math.sqrt(2 / 2050)],
    ['kaimingNormal', initializers.kaimingNormal(key, shape), Math.sqrt(2 / 800)],
    ['kaimingNormal, leaky', initializers.kaimingNormal(key, shape, { slope: 1 }), Math.sqrt(1 / 800)],
    ['kaimingNormal, fanOut', initializers.kaimingNormal(key, shape, { mode: 'fanOut' }), Math.sqrt(2 / 1250)],
  ])('%s is normal, with the variance that chi-square allows', (_, x, std) => {
    const values = sample(x);
    expectLaw(values, (y) => normalCdf(y / std));
    const squares = values.reduce((sum, y) => sum + (y / std) ** 2, 0); // chi-square of n degrees
    const chance = chisquare.cdf(squares, n);
    expect(Math.min(chance, 1 - chance)).toBeGreaterThan(falseAlarm / 2);
  });
});

describe('truncatedNormal', () => {
  it.each([
    [{}, 0, 1, -2, 2],
    [{ std: 0.02 }, 0, 0.02, -2, 2], // the bounds are values, not multiples of std
    [{ mean: 1, std: 2, low: 0, high: 1.5 }, 1, 2, 0, 1.5],
    [{ low: 2.5, high: 9 }, 0, 1, 2.5, 9],
  ])('%j stays inside and has the law of what is left', (options, mean, std, low, high) => {
    const values = sample(initializers.truncatedNormal(key, shape, options));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...values)).toBeLessThanOrEqual(high);
    const [below, above] = [normalCdf((low - mean) / std), normalCdf((high - mean) / std)];
    expectLaw(values, (x) => (normalCdf((x - mean) / std) - below) / (above - below));
  });

  it('is a function of its key', () => {
    const [a, b] = [initializers.truncatedNormal(key, [50]), initializers.truncatedNormal(key, [50])];
    expect(sample(a)).toEqual(sample(b));
    expect(sample(initializers.truncatedNormal(random.key(6), [50]))).not.toEqual(sample(a));
  });

  it('refuses an interval that hardly any number meets', () => {
    expect(() => initializers.truncatedNormal(key, [3], { low: 4 })).toThrow(/init\/interval/);
    expect(() => initializers.truncatedNormal(key, [3], { low: 1, high: 0 })).toThrow(/init\/interval/);
  });
});

it('fans need two axes', () => {
  for (const name of ['xavierUniform', 'xavierNormal', 'kaimingUniform', 'kaimingNormal'] as const) {
    expect(() => initializers[name](key, [3])).toThrow(`[init/fans] initializers.${name} got the shape [3]`);
  }
  const wrong = { mode: 'fan_in' as 'fanIn' };
  expect(() => initializers.kaimingNormal(key, [3, 3], wrong)).toThrow(/options\/choice/);
});
