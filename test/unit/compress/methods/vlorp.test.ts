import { describe, expect, it } from 'vitest';
import {
  adam,
  applyUpdates,
  compress,
  explain,
  type GradientTransform,
  identity,
  inUnits,
  type Params,
  projectors,
  random,
  stateBytes,
  type Tensor,
  vlorp,
  zeros,
} from '../../../../src/index';

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);
const gradient = (i: number, shape: readonly number[]): Tensor => random.normal(random.key(i), shape);

/** Updates of some steps with random gradients. */
function updatesOf(transform: GradientTransform<unknown>, params: Params, steps: number): Params[] {
  let state = transform.init(params);
  return Array.from({ length: steps }, (_, t) => {
    const grads = Object.fromEntries(Object.entries(params).map(([path, { shape }]) => [path, gradient(t, shape)]));
    const [updates, next] = transform.update(grads, state, params);
    state = next;
    return updates;
  });
}

describe('vlorp', () => {
  it('projects as Flora does for c = 1: without past moments a step is the round trip over its factored root', () => {
    const shape = [9, 6];
    const G = gradient(1, shape);
    const trip = compress({
      projector: projectors.gaussian,
      rank: 3,
      inner: identity,
      refreshEvery: Infinity,
      onRefresh: 'keep',
      seed: 5,
    });
    const params = { w: zeros(shape) };
    const [{ w: hat }] = trip.update({ w: G }, trip.init(params), params);
    const method = vlorp({ learningRate: 1, rank: 3, beta1: 0, beta2: 0, epsilon: 0, seed: 5 });
    const [{ w: update }] = method.update({ w: G }, method.init(params), params);
    const x = numbers(hat);
    const over = (same: (i: number, j: number) => boolean, at: number): number =>
      x.reduce((total, value, k) => total + (same(k, at) ? value ** 2 : 0), 0);
    const row = (k: number): number => Math.floor(k / 6);
    const whole = over(() => true, 0);
    numbers(update).forEach((u, k) => {
      const square = (over((i, j) => row(i) === row(j), k) * over((i, j) => i % 6 === j % 6, k)) / whole;
      expect(u).toBeCloseTo(-(x[k] as number) / Math.sqrt(square), 4);
    });
  });

  it('stays in the span of one projection until the next', () => {
    const params = { w: zeros([12, 8]) };
    const units = 4;
    const unit = inUnits(projectors.rademacher, units);
    const method = compress({
      projector: unit,
      rank: 1,
      inner: identity,
      refreshEvery: 2,
      onRefresh: 'keep',
    });
    // Units of two entries at rank 1: every one is a multiple of the same pair, ±1 to each other.
    const signs = updatesOf(method, params, 4).map(({ w }) => {
      const x = numbers(w);
      const ratios = Array.from({ length: 48 }, (_, i) => (x[2 * i] as number) / (x[2 * i + 1] as number));
      return ratios.every((ratio) => Math.abs(ratio - (ratios[0] as number)) < 1e-5)
        ? Math.sign(ratios[0] as number)
        : 0;
    });
    expect(signs[0]).toBe(signs[1]);
    expect(signs[2]).toBe(signs[3]);
    expect(signs).not.toContain(0);
  });

  it.each([
    [1, [12, 8], 2],
    [4, [12, 8], 2],
    [0.5, [12, 8], 6],
    [2, [6, 10], 3],
  ] as const)('keeps c·r·M + n + m floats, c = %s of %j', (units, [n, m], rank) => {
    const [state] = vlorp({ learningRate: 1, rank, units }).init({ w: zeros([n, m]) });
    expect(stateBytes(state)).toBe(4 * (units * rank * Math.max(n, m) + n + m));
  });

  it('leaves alone what has fewer units than the rank, and steps there as Adam', () => {
    const params = { w: zeros([8, 8]), small: zeros([8, 3]), bias: zeros([5]) };
    const method = vlorp({ learningRate: 0.1, rank: 2, units: 2 });
    expect(explain(method, params).map(({ compressed }) => compressed)).toEqual([true, false, false]);
    const ours = updatesOf(method, params, 3);
    const dense = updatesOf(adam({ learningRate: 0.1, epsilon: 0 }), params, 3);
    ours.forEach((updates, t) => {
      for (const path of ['small', 'bias'])
        numbers(updates[path]).forEach((u, i) => {
          expect(u).toBeCloseTo(numbers(dense[t]?.[path])[i] as number, 3);
        });
    });
  });

  it('makes no step of gradients of zeros', () => {
    const params = { w: zeros([8, 4]) };
    const method = vlorp({ learningRate: 0.1, rank: 2 });
    const [updates] = method.update({ w: zeros([8, 4]) }, method.init(params), params);
    applyUpdates(params, updates);
    expect(numbers(params.w)).toEqual(new Array(32).fill(0));
  });
});
