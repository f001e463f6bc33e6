import { describe, expect, it } from 'vitest';
import { dequantise, type QuantiseOptions, quantise, random, type Tensor, tensor } from '../../../src/index';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const back = (x: Tensor, options?: QuantiseOptions): number[] => numbers(dequantise(quantise(x, options)));
/** The scale of each value. */
const stepsOf = (x: Tensor, options?: QuantiseOptions): number[] => {
  const scales = numbers(quantise(x, options).scales);
  return numbers(x).map((_, i) => scales[Math.floor((i * scales.length) / x.size)] as number);
};

describe('values in a few bits', () => {
  it('come back within half a step, wherever their group lies', () => {
    for (const bits of [2, 4, 8] as const) {
      for (const offset of [0, 5, -5]) {
        const x = at(bits, [5, 12]).add(offset);
        for (const options of [{ bits }, { bits, groupSize: 4 }]) {
          const steps = stepsOf(x, options);
          back(x, options).forEach((value, i) => {
            expect(Math.abs(value - (numbers(x)[i] as number))).toBeLessThan(0.5001 * (steps[i] as number) + 1e-6);
          });
        }
      }
    }
  });

  it('are 0 exactly where they were', () => {
    const x = tensor([[0, 3, -1, 0.2]]);
    const [zero] = back(x, { bits: 4 });
    expect(zero).toBe(0);
    expect(back(tensor([[0, 0, 0, 0]]), { bits: 4 })).toEqual([0, 0, 0, 0]);
  });

  it('take a word for 32/bits of them, lowest first', () => {
    // q = 15 and scale 1: the codes are the values
    const x = tensor([[0, 1, 2, 3, 4, 5, 6, 15, 9]]);
    const { words, scales, zeros } = quantise(x, { bits: 4 });
    expect(numbers(words).map((word) => (word >>> 0).toString(16))).toEqual(['f6543210', '9']);
    expect([numbers(scales), numbers(zeros)]).toEqual([[1], [0]]);
    expect([words.dtype, zeros.dtype]).toEqual(['int32', 'int32']);
  });

  it('go to the even code from the middle between two', () => {
    expect(back(tensor([[0.5, 1.5, 2.5, -0.5, 10.5, -4, 11]]), { bits: 4 })).toEqual([0, 2, 2, 0, 10, -4, 11]);
    const halves = tensor([[0.5, 1.5, 2.5, 3.5, 15]]); // scale 1, as above
    expect(back(halves, { bits: 4 })).toEqual([0, 2, 2, 4, 15]);
  });

  it('lose what lies far from 0 by the published rule, and do not by ours', () => {
    const x = random.uniform(random.key(1), [3, 10]).mul(1.3).add(5);
    const off = (values: number[]): number =>
      Math.max(...values.map((value, i) => Math.abs(value - (numbers(x)[i] as number))));
    expect(off(back(x, { reference: true }))).toBeGreaterThan(3.5); // all are the end of a range as long as theirs
    expect(off(back(x))).toBeLessThan(0.013); // half of 6.3/255
    const straddling = at(4, [3, 10]);
    expect(back(straddling)).toEqual(back(straddling, { reference: true }));
  });

  it('are refused where groups or noise do not fit', () => {
    expect(() => quantise(at(1, [2, 5]), { groupSize: 4 })).toThrow(/quantise\/group/);
    expect(() => quantise(at(1, [2, 5]), { noise: at(1, [10]) })).toThrow(/quantise\/noise/);
  });
});

describe('stochastic rounding', () => {
  const draws = 500;
  // 64 values between ends that are codes themselves, so that both candidates of each value are codes.
  const x = tensor([[-7, ...numbers(random.uniform(random.key(2), [62]).mul(13).sub(6.5)), 8]]);
  const options = { bits: 4 } as const;
  const drawn = Array.from({ length: draws }, (_, draw) =>
    back(x, { ...options, noise: random.uniform(random.fold(random.key(5), draw), x.shape) }),
  );
  const scale = numbers(quantise(x, options).scales)[0] as number;
  const parts = numbers(x).map((value) => value / scale - Math.floor(value / scale));

  it('is unbiased', () => {
    // 62 means beyond 5.8 deviations: once in 2 million such tests.
    for (let i = 1; i < 63; i++) {
      const p = parts[i] as number;
      const mean = drawn.reduce((sum, values) => sum + (values[i] as number), 0) / draws;
      const deviation = scale * Math.sqrt((p * (1 - p)) / draws);
      expect(Math.abs(mean - (numbers(x)[i] as number))).toBeLessThan(5.8 * deviation + 1e-5);
    }
  });

  it('has the variance p(1 − p)·scale²', () => {
    // The sum of 31 000 independent squares, whose variances are those of a coin: beyond 5.3 deviations once in 8 million.
    let [sum, expected, variance] = [0, 0, 0];
    for (let i = 1; i < 63; i++) {
      const p = parts[i] as number;
      const v = p * (1 - p);
      for (const values of drawn) sum += (((values[i] as number) - (numbers(x)[i] as number)) / scale) ** 2;
      expected += draws * v;
      variance += draws * (v * ((1 - p) ** 3 + p ** 3) - v ** 2);
    }
    expect(Math.abs(sum - expected)).toBeLessThan(5.3 * Math.sqrt(variance));
  });

  it('is a function of the noise', () => {
    const noise = random.uniform(random.key(9), x.shape);
    expect(back(x, { ...options, noise })).toEqual(back(x, { ...options, noise }));
    expect(back(x, { ...options, noise })).not.toEqual(back(x, options));
  });
});
