import chisquare from '@stdlib/stats-base-dists-chisquare';
import { afterAll, describe, expect, it } from 'vitest';
import {
  less,
  random,
  referenceBackend,
  setBackend,
  softmax,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  wasmBackend,
  zeros,
} from '../../../../src/index';

// Each chi-square test convicts right code with a chance of 1e-9; keys are fixed, so it does so always or never.
const falseAlarm = 1e-9;
const n = 20_000;
const key = random.key(11);
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

/** Pearson's statistic of counts, against its quantile. */
function expectCounts(draws: readonly number[], chances: readonly number[]): void {
  const counts = chances.map((_, k) => draws.filter((x) => x === k).length);
  expect(counts.reduce((a, b) => a + b, 0)).toBe(draws.length);
  const terms = chances.map((p, k) => ((counts[k] as number) - draws.length * p) ** 2 / (draws.length * p));
  const statistic = terms.reduce((a, b) => a + b, 0);
  expect(statistic).toBeLessThan(chisquare.quantile(1 - falseAlarm, chances.length - 1));
}

/** What all of them owe: a shape, a dtype, and numbers that depend on the key alone. */
const draws: Record<string, (key: readonly [number, number]) => Tensor> = {
  integers: (from) => random.integers(from, [20, 10], { low: -50, high: 50 }),
  bernoulli: (from) => random.bernoulli(from, [20, 10], 0.5),
  categorical: (from) => random.categorical(from, zeros([20, 10, 7])),
};

describe.each(Object.entries(draws))('random.%s', (_, draw) => {
  afterAll(() => setBackend(wasmBackend()));

  it('gives the same numbers for one key on every backend, and others for another', () => {
    const all = [referenceBackend(), wasmBackend()].map((backend) => {
      setBackend(backend);
      const made = draw(key);
      expect([made.shape, made.dtype]).toEqual([[20, 10], 'int32']);
      return numbers(made);
    });
    expect(all[0]).toEqual(all[1]);
    expect(numbers(draw(key))).toEqual(all[0]);
    expect(numbers(draw(random.fold(key, 1)))).not.toEqual(all[0]);
  });
});

describe('random.integers', () => {
  it('draws each number of the range as often as the others', () => {
    const die = numbers(random.integers(key, [n], { low: 1, high: 7 }));
    expectCounts(
      die.map((x) => x - 1),
      new Array(6).fill(1 / 6),
    );
  });

  it('draws pairs of neighbours as often as all other pairs', () => {
    const flat = numbers(random.integers(key, [n, 2], { high: 4 }));
    const pairs = Array.from({ length: n }, (_, i) => 4 * (flat[2 * i] as number) + (flat[2 * i + 1] as number));
    expectCounts(pairs, new Array(16).fill(1 / 16));
  });

  it('covers all of int32, and one number', () => {
    const wide = numbers(random.integers(key, [n], { low: -(2 ** 31), high: 2 ** 31 }));
    expectCounts(
      wide.map((x) => (x + 2 ** 31) >>> 28), // sixteenths of the range
      new Array(16).fill(1 / 16),
    );
    // The lowest bits, too: a number of 32 bits times a range of 2³² would leave none to chance.
    expectCounts(
      wide.map((x) => x & 7),
      new Array(8).fill(1 / 8),
    );
    expect(numbers(random.integers(key, [3], { low: -7, high: -6 }))).toEqual([-7, -7, -7]);
  });

  it('refuses an empty range and what int32 cannot hold', () => {
    expect(() => random.integers(key, [2], { low: 3, high: 3 })).toThrow(/random\/range/);
    expect(() => random.integers(key, [2], { high: 0 })).toThrow(/random\/range/);
    expect(() => random.integers(key, [2], { high: 2 ** 31 + 1 })).toThrow(/high/);
    expect(() => random.integers(key, [2], { high: 1.5 })).toThrow(/high/);
  });
});

describe('random.bernoulli', () => {
  it.each([0.5, 0.1, 0.9])('gives ones with chance %d', (p) => {
    expectCounts(numbers(random.bernoulli(key, [n], p)), [1 - p, p]);
  });

  it('is certain at 0 and 1', () => {
    expect(new Set(numbers(random.bernoulli(key, [n], 0)))).toEqual(new Set([0]));
    expect(new Set(numbers(random.bernoulli(key, [n], 1)))).toEqual(new Set([1]));
    expect(() => random.bernoulli(key, [2], 1.1)).toThrow(/p = 1.1/);
  });
});

describe('random.categorical', () => {
  const logits = [0.5, -1, 2, 0, -2];
  const sums = logits.map(Math.exp).reduce((a, b) => a + b, 0);
  const chances = logits.map((x) => Math.exp(x) / sums);
  const rowsOf = (count: number): Tensor => tensor(new Array(count).fill(logits));

  it('draws from the softmax of the last axis', () => {
    const ids = random.categorical(key, rowsOf(n));
    expect(ids.shape).toEqual([n]);
    expectCounts(numbers(ids), chances);
  });

  it('draws each row for itself', () => {
    const first = numbers(random.categorical(key, rowsOf(2 * n)));
    const pairs = Array.from({ length: n }, (_, i) => 5 * (first[2 * i] as number) + (first[2 * i + 1] as number));
    expectCounts(
      pairs,
      chances.flatMap((p) => chances.map((q) => p * q)),
    );
  });

  it('does not mind a constant that is added, never draws −∞, and takes one class as it is', () => {
    const shifted = numbers(random.categorical(key, rowsOf(500).add(64)));
    expect(shifted.filter((id, i) => id !== numbers(random.categorical(key, rowsOf(500)))[i]).length).toBeLessThan(5);
    const some = tensor([[-Infinity, 0, -Infinity, 0]]).broadcastTo([500, 4]);
    expect(new Set(numbers(random.categorical(key, some)))).toEqual(new Set([1, 3]));
    expect(numbers(random.categorical(key, zeros([3, 1])))).toEqual([0, 0, 0]);
    expect(random.categorical(key, tensor([1, 2])).shape).toEqual([]);
    expect(random.categorical(key, zeros([0, 3])).shape).toEqual([0]);
  });

  it('hands no gradient on', () => {
    const x = tensor([[1, 2]]);
    const loss = (): Tensor => sum(softmax(x).mul(random.categorical(key, x).cast('float32')));
    const constant = numbers(random.categorical(key, x))[0] as number;
    const { grads } = valueAndGrad(loss, { x });
    const plain = valueAndGrad(() => sum(softmax(x).mul(constant)), { x }).grads;
    expect(numbers(grads.x as Tensor)).toEqual(numbers(plain.x as Tensor));
  });

  it('refuses scalars and rows without classes', () => {
    expect(() => random.categorical(key, tensor(1))).toThrow(/axis\/range/);
    expect(() => random.categorical(key, zeros([2, 0]))).toThrow(/reduce\/empty/);
    expect(() => random.categorical(key, less(zeros([2]), 1))).toThrow(/dtype\/float32/);
  });
});
