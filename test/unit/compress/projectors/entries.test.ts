import { describe, expect, it } from 'vitest';
import { projectors, random, type Tensor } from '../../../../src/index';

const shape = [5, 6] as const;
const g = random.normal(random.key(1), shape);
const third = projectors.entries({ density: 1 / 3 });
const draw = (seed: number) => third.sample(random.key(seed), shape, 1);
const trip = (x: Tensor, seed: number): Tensor => third.up(draw(seed), third.down(draw(seed), x));
const kept = (x: Tensor): number[] => Array.from(x.dataSync()).flatMap((value, j) => (value === 0 ? [] : [j]));

describe('entries', () => {
  it('keeps as many single entries as the density says, rounded down, as they are', () => {
    const there = trip(g, 2);
    expect(kept(there)).toHaveLength(10); // of 30
    for (const j of kept(there)) expect(there.dataSync()[j]).toBe(g.dataSync()[j]);
    const rounded = projectors.entries({ density: 0.35 });
    expect(rounded.down(rounded.sample(random.key(0), shape, 1), g).shape).toEqual([10]); // ⌊10.5⌋
  });

  it('selects every entry equally often, in pairs as often as draws without replacement do', () => {
    // 10 of 30 in 1000 draws: a count has the standard deviation √(1000·1/3·2/3), a pair √(1000·p·(1 − p)) with
    // p = 10·9/(30·29). Any of the 60 counts passes 6 of them with chance 1.2e-7.
    const [counts, pairs] = [new Float64Array(30), new Float64Array(30)];
    for (let seed = 0; seed < 1000; seed++) {
      const chosen = new Set(kept(trip(g, seed)));
      for (const j of chosen) {
        (counts[j] as number)++;
        if (chosen.has((j + 1) % 30)) (pairs[j] as number)++;
      }
    }
    const expectOften = (count: number, p: number): void => {
      expect(Math.abs(count - 1000 * p)).toBeLessThan(6 * Math.sqrt(1000 * p * (1 - p)));
    };
    for (const count of counts) expectOften(count, 1 / 3);
    for (const pair of pairs) expectOften(pair, 90 / 870);
  });

  it('carries over what both projections have', () => {
    const [from, to] = [draw(3), draw(4)];
    const c = third.down(from, g);
    const carried = third.transfer(c, from, to).dataSync();
    expect(carried).toEqual(third.down(to, third.up(from, c)).dataSync());
    expect(carried.some((x) => x !== 0)).toBe(true);
    expect(third.transfer(c, from, from).dataSync()).toEqual(c.dataSync());
  });

  it('promises what draws without replacement have: by all pairs of a matrix of four', () => {
    const half = projectors.entries({ density: 0.5 });
    const [values, w] = [
      [1, -2, 3, 0.5],
      [0.5, 1, 2, -1],
    ] as const;
    const readings: number[] = [];
    const errors: number[] = [];
    const square = values.reduce((sum, x) => sum + x ** 2, 0);
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < i; j++) {
        const is = (at: number): boolean => at === i || at === j;
        readings.push(values.reduce((sum, x, at) => sum + (is(at) ? x * (w[at] as number) : 0), 0));
        errors.push(values.reduce((sum, x, at) => sum + (is(at) ? 0 : x ** 2), 0) / square);
      }
    }
    const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    const variance = (list: readonly number[]): number => mean(list.map((x) => (x - mean(list)) ** 2));
    const given = { values, shape: [2, 2], side: 'both' } as const;
    const theory = half.theory(2, 1, given);
    expect(theory.gain).toBe(0.5);
    expect(theory.relativeMse).toBeCloseTo(mean(errors), 12);
    expect(theory.readingVariance?.(given, w)).toBeCloseTo(variance(readings), 12);
    expect(theory.relativeMseVariance).toBeGreaterThanOrEqual(variance(errors));
    const size = Math.sqrt(square * w.reduce((sum, x) => sum + x ** 2, 0));
    expect(theory.largestReadingVariance).toBeGreaterThanOrEqual(variance(readings) / size ** 2);
  });

  it('refuses a matrix of which it keeps nothing, and a theory without one', () => {
    const few = projectors.entries({ density: 0.03 });
    expect(() => few.sample(random.key(0), shape, 1)).toThrow(/projector\/rank.*density/s);
    expect(() => few.theory(5, 1)).toThrow(/projector\/no-theory/);
  });
});
