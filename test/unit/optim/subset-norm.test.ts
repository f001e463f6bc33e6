import { describe, expect, it } from 'vitest';
import {
  adam,
  type GradientTransform,
  identity,
  type Params,
  random,
  ShapeError,
  scaleBySubsetNorm,
  stateBytes,
  subsetNorm,
  type Tensor,
  zeros,
} from '../../../src/index';

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);

function updatesOf(transform: GradientTransform<unknown>, shape: readonly number[], steps: number): number[][] {
  const params: Params = { w: zeros(shape) };
  let state = transform.init(params);
  return Array.from({ length: steps }, (_, t) => {
    const [updates, next] = transform.update({ w: random.normal(random.key(t), shape) }, state, params);
    state = next;
    return numbers(updates.w);
  });
}

function expectClose(a: readonly number[][], b: readonly number[][]): void {
  a.forEach((row, t) => {
    row.forEach((x, i) => {
      expect(x).toBeCloseTo((b[t] as number[])[i] as number, 5);
    });
  });
}

describe('scaleBySubsetNorm', () => {
  it('with one entry a subset is Adam', () => {
    const ours = updatesOf(subsetNorm({ learningRate: 0.1, subset: 1, epsilon: 0 }), [5, 4], 4);
    expectClose(ours, updatesOf(adam({ learningRate: 0.1, epsilon: 0 }), [5, 4], 4));
  });

  it('with one subset and no decay is AdaGrad-Norm: the gradient over the norm of all gradients so far', () => {
    const part = scaleBySubsetNorm({ subset: 20, beta2: 1, epsilon: 0, numerator: identity });
    let total = 0;
    updatesOf(part, [5, 4], 4).forEach((update, t) => {
      const g = numbers(random.normal(random.key(t), [5, 4]));
      total += g.reduce((sum, x) => sum + x ** 2, 0);
      update.forEach((u, i) => {
        expect(u).toBeCloseTo((g[i] as number) / Math.sqrt(total), 5);
      });
    });
  });

  const subsets = [
    ['rows of a tall one', [6, 4], 'heuristic', (i: number) => Math.floor(i / 4), 6],
    ['rows of a square', [5, 5], 'heuristic', (i: number) => Math.floor(i / 5), 5],
    ['columns of a wide one', [4, 6], 'heuristic', (i: number) => i % 6, 6],
    ['pieces of neighbours', [4, 6], 8, (i: number) => Math.floor(i / 8), 3],
    ['pieces of a quarter of the root', [8, 8], -2, (i: number) => Math.floor(i / 4), 16],
    ['pieces that stay below the root', [2, 3], -1, (i: number) => Math.floor(i / 2), 3],
    ['pieces of the largest divisor', [6, 10], -1, (i: number) => Math.floor(i / 6), 10],
    ['entries, where the root is too small to be cut', [2, 3], -9, (i: number) => i, 6],
  ] as const;
  it.each(subsets)('sums over %s, one float each', (_, shape, subset, of, count) => {
    const part = scaleBySubsetNorm({ subset, beta2: 0, epsilon: 0, numerator: identity });
    expect(stateBytes(part.init({ w: zeros(shape) }))).toBe(4 * count);
    const [update] = updatesOf(part, shape, 1) as [number[]];
    const g = numbers(random.normal(random.key(0), shape));
    update.forEach((u, i) => {
      const own = g.reduce((sum, x, j) => sum + (of(i) === of(j) ? x ** 2 : 0), 0);
      expect(u).toBeCloseTo((g[i] as number) / Math.sqrt(own), 5);
    });
  });

  it('leaves entries of other parameters alone, and keeps no momentum for β1 = 0', () => {
    const params = { w: zeros([6, 4]), bias: zeros([6]) };
    expect(stateBytes(subsetNorm({ learningRate: 1 }).init(params))).toBe(4 * (24 + 6 + 6 + 6));
    expect(stateBytes(subsetNorm({ learningRate: 1, beta1: 0 }).init(params))).toBe(4 * (6 + 6));
  });

  it('steps without decay too: a sum has no bias to correct', () => {
    const [first] = updatesOf(subsetNorm({ learningRate: 1, beta1: 0, beta2: 1, epsilon: 0, subset: 20 }), [5, 4], 1);
    // One subset: a step of norm 1.
    expect(Math.hypot(...(first as number[]))).toBeCloseTo(1, 5);
  });

  it('says which size does not divide', () => {
    const init = () => scaleBySubsetNorm({ subset: 7 }).init({ w: zeros([6, 4]) });
    expect(init).toThrow(ShapeError);
    expect(init).toThrow('optimizer/subset');
  });
});
