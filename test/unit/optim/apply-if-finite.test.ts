import { afterEach, describe, expect, it } from 'vitest';
import {
  adam,
  applyIfFinite,
  BackendError,
  clipByValue,
  type Params,
  referenceBackend,
  scale,
  schedules,
  setBackend,
  type Tensor,
  tensor,
  wasmBackend,
} from '../../../src/index';

const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);

/** Gradients whose first leaf has these, and whose second is right. */
const gradients = (...values: number[]): Params => ({ w: tensor(values), b: tensor([1]) });

describe('applyIfFinite', () => {
  const params = gradients(0, 0);
  const bad = [Number.NaN, Infinity, -Infinity];
  afterEach(() => setBackend(wasmBackend()));

  it.each(bad)('skips a step with %s: zeros for all leaves, and an inner state that has not moved', (spoiled) => {
    const transform = applyIfFinite(adam({ learningRate: 0.1 }));
    const [, first] = transform.update(gradients(1, 2), transform.init(params), params);
    const [updates, second] = transform.update(gradients(1, spoiled), first, params);
    expect([numbers(updates.w), numbers(updates.b)]).toEqual([[0, 0], [0]]);
    expect(second.inner).toBe(first.inner);
    expect([numbers(second.consecutive), numbers(second.total)]).toEqual([[1], [1]]);
    const [after, third] = transform.update(gradients(1, 2), second, params);
    const [straight] = adam({ learningRate: 0.1 }).update(gradients(1, 2), first.inner, params);
    expect(numbers(after.w)).toEqual(numbers(straight.w));
    expect([numbers(third.consecutive), numbers(third.total)]).toEqual([[0], [1]]);
  });

  it('takes the step after `maxConsecutive` skips in a row, and goes on taking them until one is finite', () => {
    const transform = applyIfFinite(scale(-1), { maxConsecutive: 2 });
    let state = transform.init(params);
    const seen = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 3, Number.NaN].map((g) => {
      const [updates, next] = transform.update(gradients(g, 1), state, params);
      state = next;
      return [numbers(updates.w)[0], numbers(next.consecutive)[0], numbers(next.total)[0]];
    });
    expect(seen).toEqual([
      [0, 1, 1],
      [0, 2, 2],
      [Number.NaN, 3, 3],
      [Number.NaN, 4, 4],
      [-3, 0, 4],
      [0, 1, 5],
    ]);
  });

  it('where nothing can be read at once, chooses on the device: the same updates and tensors', () => {
    const reads = { count: 0 };
    const slow = referenceBackend();
    const readSync = slow.readSync.bind(slow);
    let late = true;
    slow.readSync = (storage) => {
      if (!late) return readSync(storage);
      reads.count++;
      throw new BackendError({ code: 'read/sync', got: 'a read', expected: 'none', fix: 'wait' });
    };
    setBackend(slow);
    const transform = applyIfFinite(adam({ learningRate: 0.1 }), { maxConsecutive: 1 });
    const at = gradients(0, 0);
    let state = transform.init(at);
    const steps = [gradients(1, 2), gradients(1, Number.NaN), gradients(1, 2), gradients(Infinity, 1)].map((g) => {
      const [updates, next] = transform.update(g, state, at);
      state = next;
      return updates;
    });
    late = false;
    expect(reads.count).toBe(4);
    expect(steps.map(({ w }) => numbers(w).every(Number.isFinite))).toEqual([true, true, true, true]);
    expect(numbers(steps[1]?.w)).toEqual([0, 0]);
    expect(numbers(steps[3]?.b)).toEqual([0]);
    expect([numbers(state.consecutive), numbers(state.total)]).toEqual([[1], [2]]);
    const [{ mean }] = state.inner as unknown as [{ mean: Params }];
    // Two gradients of 1 and 2 with β₁ = 0.9: 0.1·g, then 0.19·g.
    expect(numbers(mean.w)[0]).toBeCloseTo(0.19, 6);
    expect(numbers(mean.w)[1]).toBeCloseTo(0.38, 6);
  });
});

describe('clipByValue', () => {
  it('limits every element, and lets NaN be', () => {
    const [{ w }] = clipByValue(2).update({ w: tensor([-5, -2, 0.5, 3, Number.NaN]) }, [], {});
    expect(numbers(w)).toEqual([-2, -2, 0.5, 2, Number.NaN]);
  });
});

describe('schedules', () => {
  const { constant, exponentialDecay, join, linear } = schedules;

  it.each([
    ['halves in ten steps', exponentialDecay({ from: 8, rate: 0.5, steps: 10 }), [8, 4, 2], 5, 5.6568542],
    ['in stairs', exponentialDecay({ from: 8, rate: 0.5, steps: 10, staircase: true }), [8, 4, 2], 19, 4],
    ['down to a floor', exponentialDecay({ from: 8, rate: 0.5, steps: 10, to: 3 }), [8, 4, 3], 99, 3],
    ['up to a ceiling', exponentialDecay({ from: 1, rate: 3, steps: 10, to: 7 }), [1, 3, 7], 99, 7],
    ['below zero, up to a ceiling', exponentialDecay({ from: -8, rate: 0.5, steps: 10, to: -3 }), [-8, -4, -3], 99, -3],
  ] as const)('exponentialDecay: %s', (_, schedule, tens, step, value) => {
    expect([0, 10, 20].map(schedule)).toEqual(tens);
    expect(schedule(step)).toBeCloseTo(value, 6);
  });

  it('join: each counts from 0 at its boundary', () => {
    const schedule = join([linear({ from: 0, to: 1, steps: 4 }), constant(5), (step) => 100 + step], [4, 6]);
    expect([0, 1, 3, 4, 5, 6, 7, 20].map(schedule)).toEqual([0, 0.25, 0.75, 5, 5, 100, 101, 114]);
    expect(join([constant(3)], [])(9)).toBe(3);
    for (const wrong of [[], [4], [6, 4], [4, 4], [1, 2, 3]]) {
      expect(() => join([constant(1), constant(2), constant(3)], wrong)).toThrow(/options\/range\] schedules.join/);
    }
  });
});
