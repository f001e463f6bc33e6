import { describe, expect, it } from 'vitest';
import {
  compress,
  ema,
  eye,
  flora,
  floraAccumulate,
  type GradientTransform,
  liftPlusRaw,
  linalg,
  type Params,
  projectors,
  random,
  scale,
  stateBytes,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index';
import { firstRefresh } from '../../support/refresh';

// What the draws of compressed transforms depend on, and what they are made for.

const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);

/** The updates of the last of `steps` steps, all with the same gradients. */
function updatesAfter<S>(transform: GradientTransform<S>, grads: Params, steps: number): Record<string, number[]> {
  let [updates, state] = transform.update(grads, transform.init(grads), grads);
  for (let i = 1; i < steps; i++) [updates, state] = transform.update(grads, state, grads);
  return Object.fromEntries(Object.entries(updates).map(([path, u]) => [path, numbers(u)]));
}

const same = eye(6);
const both = { first: same, second: same };
const compressors = {
  flora: (seed: number) => updatesAfter(flora({ learningRate: 1, rank: 3, seed }), both, 1),
  'flora, flora-opt': (seed: number) =>
    updatesAfter(flora({ learningRate: 1, rank: 3, seed, ordering: 'flora-opt' }), both, 2),
  floraAccumulate: (seed: number) =>
    updatesAfter(floraAccumulate({ steps: 2, rank: 3, seed, inner: scale(1) }), both, 2),
};

describe.each(Object.entries(compressors))('%s', (_, run) => {
  it('projects two parameters of one shape by different matrices', () => {
    const { first, second } = run(3);
    expect(first).toHaveLength(36);
    expect(first).not.toEqual(second);
  });
  it('gives other updates for another seed, and the same for the same one', () => {
    expect(run(3)).toEqual(run(3));
    expect(run(4).first).not.toEqual(run(3).first);
    expect(run(4).second).not.toEqual(run(3).second);
  });
});

describe('the filter of floraAccumulate', () => {
  const transform = floraAccumulate({
    steps: 2,
    rank: 2,
    inner: scale(1),
    filter: (path) => (path === 'first' ? true : 'by name'),
  });
  it('says what is compressed and what is summed as it is', () => {
    const { first, second } = updatesAfter(transform, both, 2);
    expect(second).toEqual(numbers(same));
    expect(first).not.toEqual(second);
    expect(stateBytes(transform.init(both))).toBe(4 * (2 * 6 + 36)); // [6, 2] and [6, 6]
  });
});

describe('svd in the order of flora-opt', () => {
  it('keeps the first gradient by its own leading vectors', () => {
    const beta = 0.8;
    const transform = compress({
      projector: projectors.svd,
      rank: 2,
      inner: ema({ decay: beta }),
      refreshEvery: 5,
      onRefresh: 'transfer',
      combine: liftPlusRaw(beta),
    });
    const [g0, g1] = [random.normal(random.key(1), [7, 5]), random.normal(random.key(2), [7, 5])];
    const [first, state] = transform.update({ w: g0 }, transform.init({ w: g0 }), {});
    const [second] = transform.update({ w: g1 }, state, {});
    const { u, s, vt } = linalg.svd(g0, { rank: 2 });
    const kept = numbers(u.mul(s).matmul(vt));
    const [raw0, raw1] = [numbers(g0), numbers(g1)];
    for (const [i, x] of numbers(first.w).entries()) expect(x).toBeCloseTo(0.2 * (raw0[i] as number), 5);
    for (const [i, x] of numbers(second.w).entries())
      expect(x).toBeCloseTo(0.2 * (raw1[i] as number) + 0.8 * 0.2 * (kept[i] as number), 5);
  });
});

describe.each(['norm', 'squaredNorm'] as const)('coordinatesByNorm, %s', (of) => {
  const projector = projectors.coordinatesByNorm({ of });
  const trip = (g: Tensor, seed: number): number[] => {
    const sample = projector.sample(random.key(seed), g.shape, 2);
    const p = projector.refresh?.(sample, g, firstRefresh(random.key(seed))) ?? sample;
    return numbers(projector.up(p, projector.down(p, g)));
  };
  it('loses nothing of a gradient with one row that is not zero', () => {
    const g = tensor([0, 0, 0, 0, 0, 0, 0, 0, 3, -1, 2, 5], { shape: [3, 4] });
    for (let seed = 0; seed < 20; seed++) expect(trip(g, seed)).toEqual(numbers(g).map((x) => expect.closeTo(x, 5)));
  });
  it('never draws a row of zeros, in whichever place', () => {
    for (let zero = 0; zero < 3; zero++) {
      const values = [1, 2, 0, -1, 0.5, 3, 2, 1, -4, 0.1, 0, 2].map((x, at) => (Math.floor(at / 4) === zero ? 0 : x));
      const g = tensor(values, { shape: [3, 4] });
      for (let seed = 0; seed < 50; seed++) {
        const sample = projector.sample(random.key(seed), [3, 4], 2);
        const { ids, weights } = projector.refresh?.(sample, g, firstRefresh(random.key(seed))) ?? sample;
        expect(numbers(ids)).not.toContain(zero);
        expect(numbers(weights).every(Number.isFinite)).toBe(true);
      }
    }
  });
  it('takes a gradient of zeros', () => expect(trip(zeros([3, 4]), 0)).toEqual(new Array(12).fill(0)));
});
