import { describe, expect, it } from 'vitest';
import * as f from '../../../../../src/index';
import { at } from '../../functions';

type Tensor = f.Tensor;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const ids = (...values: number[]): Tensor => f.tensor(values, { dtype: 'int32' });

describe('bceWithLogits', () => {
  it('is finite for every logit, and exact where the answer is right or wrong for sure', () => {
    const x = f.tensor([200, -200, 200, -200]);
    const t = f.tensor([1, 0, 0, 1]);
    expect(numbers(f.bceWithLogits(x, t))).toEqual([100]);
    expect(numbers(f.grad((y) => f.bceWithLogits(y, t))(x))).toEqual([0, 0, 0.25, -0.25]);
  });

  it('does not lose small losses beside large logits', () => {
    const loss = f.bceWithLogits(f.tensor([-10]), f.tensor([0])).dataSync()[0] as number;
    expect(Math.abs(loss / Math.log1p(Math.exp(-10)) - 1)).toBeLessThan(2e-3); // a unit of 1 is 1.3e-3 of it
  });

  it('counts positive targets by their weight, of which classes may have their own', () => {
    const x = f.zeros([2, 2]);
    const t = f.tensor([1, 0, 1, 1], { shape: [2, 2] });
    const log2 = Math.log(2);
    expect(numbers(f.bceWithLogits(x, t, { positiveWeight: 3 }))[0]).toBeCloseTo((10 * log2) / 4, 6);
    expect(numbers(f.bceWithLogits(x, t, { positiveWeight: f.tensor([3, 5]) }))[0]).toBeCloseTo((12 * log2) / 4, 6);
    expect(() => f.bceWithLogits(x, t, { positiveWeight: f.ones([3, 1, 1]) })).toThrow(/loss\/shapes.*\[3, 1, 1\]/);
    expect(() => f.bceWithLogits(x, t, { positiveWeight: f.ones([3]) })).toThrow(/broadcast\/mismatch/);
  });
});

it('huber is a parabola near 0, a line with slope δ beyond, and smooth between', () => {
  const loss = (d: number): Tensor => f.huber(f.tensor([d]), f.zeros([1]), { delta: 2 });
  expect([0, 1, 2, 3, -5].map((d) => numbers(loss(d))[0])).toEqual([0, 0.5, 2, 4, 8]);
  const slope = f.grad((a: Tensor) => f.huber(a, f.zeros([5]), { delta: 2 }).mul(5));
  expect(numbers(slope(f.tensor([0, 1, 2, 3, -5])))).toEqual([0, 1, 2, 2, -2]);
  expect(() => f.huber(f.zeros([2, 1]), f.zeros([2]))).toThrow(/loss\/shapes/);
});

it('klDivergence takes the true distribution first, and nothing of classes that it does not have', () => {
  const logs = (...rows: number[][]): Tensor => f.tensor(rows.map((row) => row.map(Math.log)));
  const [p, q] = [logs([1, 0], [0.5, 0.5]), logs([0.5, 0.5], [0.25, 0.75])];
  const expected = (Math.log(2) + 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3)) / 2;
  expect(numbers(f.klDivergence(p, q))[0]).toBeCloseTo(expected, 6);
  expect(numbers(f.klDivergence(p, p))).toEqual([0]);
  expect(numbers(f.klDivergence(q, p))).toEqual([Number.POSITIVE_INFINITY]); // q has a class that p has not
  expect(numbers(f.grad((t) => f.klDivergence(t, q))(p)).every(Number.isFinite)).toBe(true);
});

it('nll after logSoftmax is crossEntropy', () => {
  const [x, targets] = [at(1, [4, 3]), ids(2, 0, 1, 1)];
  expect(numbers(f.nll(f.logSoftmax(x), targets))[0]).toBeCloseTo(numbers(f.crossEntropy(x, targets))[0] as number, 6);
  expect(() => f.nll(x, ids(0, 1))).toThrow(/cross-entropy\/shapes.*nll/);
  expect(() => f.nll(x, ids(0, 1, 2, 3))).toThrow(/index\/range/);
});

describe('crossEntropy', () => {
  const [x, targets] = [at(2, [5, 3]), ids(0, 2, 1, 2, 2)];

  it('has the same bits with options that say nothing', () => {
    const plain = numbers(f.grad((t) => f.crossEntropy(t, targets))(x));
    expect(numbers(f.grad((t) => f.crossEntropy(t, targets, { labelSmoothing: 0 }))(x))).toEqual(plain);
    expect(numbers(f.crossEntropy(x, targets, {}))).toEqual(numbers(f.crossEntropy(x, targets)));
  });

  it('leaves out ignored rows: the mean of the others, also for an index that is no class', () => {
    const others = f.concat([x.slice([0], [1]), x.slice([2], [3])]);
    const expected = numbers(f.crossEntropy(others, ids(0, 1)))[0] as number;
    expect(numbers(f.crossEntropy(x, targets, { ignoreIndex: 2 }))[0]).toBeCloseTo(expected, 6);
    const outside = f.crossEntropy(x, ids(0, -100, 1, -100, -100), { ignoreIndex: -100 });
    expect(numbers(outside)[0]).toBeCloseTo(expected, 6);
    expect(() => f.crossEntropy(x, ids(0, 3, 1, -100, -100), { ignoreIndex: -100 })).toThrow(/index\/range/);
  });

  it('is NaN where every row is ignored, and gives no gradient', () => {
    const loss = (t: Tensor): Tensor => f.crossEntropy(t, ids(1, 1, 1, 1, 1), { ignoreIndex: 1 });
    expect(numbers(loss(x))).toEqual([Number.NaN]);
    expect(numbers(f.grad(loss)(x)).every((g) => g === 0)).toBe(true);
  });

  it('with all of the target smoothed is that of the uniform distribution', () => {
    const expected = numbers(f.mean(f.neg(f.logSoftmax(x))))[0] as number;
    expect(numbers(f.crossEntropy(x, targets, { labelSmoothing: 1 }))[0]).toBeCloseTo(expected, 5);
    expect(() => f.crossEntropy(x, targets, { labelSmoothing: 1.5 })).toThrow(/labelSmoothing = 1.5/);
  });
});
