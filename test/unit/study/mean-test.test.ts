import binomial from '@stdlib/stats-base-dists-binomial';
import { describe, expect, it } from 'vitest';
import { fillRow } from '../../../src/base/distribution';
import { MeanTest } from '../../../src/study';

/** Independent samples that are 0 nine times in ten and else exponential: mean 1, variance 19, far from normal. */
function skewed(seed: number): () => number {
  const block = new Float32Array(2048);
  let [row, at] = [0, block.length];
  const uniform = (): number => {
    if (at === block.length) {
      fillRow('uniform', [seed, 7], row++, 0, block);
      at = 0;
    }
    return block[at++] as number;
  };
  return () => (uniform() < 0.9 ? 0 : -10 * Math.log(1 - uniform()));
}
const variance = 19;
const runs = 400;

function convictions(options: { expected: number; effect: number; falseAlarm: number; power: number }): number {
  let count = 0;
  for (let seed = 0; seed < runs; seed++) {
    const test = new MeanTest({ variance, ...options });
    const sample = skewed(seed);
    while (test.verdict === null) test.add(sample());
    if (test.verdict === 'convicted') count += 1;
    expect(test.draws).toBeLessThanOrEqual(test.most);
  }
  return count;
}

describe('MeanTest', () => {
  // The seeds are fixed, so each of these is a fact and not a chance; the bounds say how surprising another outcome is.
  it('convicts a right mean no more often than its false-alarm chance', () => {
    const falseAlarm = 0.05;
    const most = binomial.quantile(1 - 1e-6, runs, falseAlarm);
    expect(convictions({ expected: 1, effect: 0.8, falseAlarm, power: 0.9 })).toBeLessThanOrEqual(most);
  });

  it('convicts a mean that is off by the effect at least as often as its power, on either side', () => {
    const power = 0.9;
    const least = binomial.quantile(1e-6, runs, power);
    for (const expected of [1.8, 0.2]) {
      expect(convictions({ expected, effect: 0.8, falseAlarm: 1e-3, power })).toBeGreaterThanOrEqual(least);
    }
  });

  it('stops much earlier than it has to', () => {
    const test = new MeanTest({ expected: 1, variance, effect: 0.5, falseAlarm: 1e-9, power: 0.999 });
    const sample = skewed(3);
    while (test.verdict === null) test.add(sample());
    expect(test.verdict).toBe('acquitted');
    expect(test.draws).toBeLessThan(test.most / 2);
    expect(test.mean).toBeCloseTo(1, 0);
    const { draws } = test;
    test.add(1e9); // the verdict stands
    expect(test.draws).toBe(draws);
  });

  it('takes a constant, and convicts what is not a number', () => {
    const options = { expected: 2, variance: 0, effect: 0.1, falseAlarm: 1e-9, power: 0.999 };
    const [right, wrong, broken] = [new MeanTest(options), new MeanTest(options), new MeanTest(options)];
    while (right.verdict === null) right.add(2);
    while (wrong.verdict === null) wrong.add(2.1);
    broken.add(Number.NaN);
    expect([right.verdict, wrong.verdict, broken.verdict]).toEqual(['acquitted', 'convicted', 'convicted']);
    expect(right.draws).toBeLessThan(30);
  });
});
