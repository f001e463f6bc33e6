import { describe, expect, it } from 'vitest';
import {
  adam,
  conGrad,
  decodeCheckpoint,
  encodeCheckpoint,
  identity,
  mean,
  type Params,
  projectConflicts,
  projectors,
  random,
  sgd,
  square,
  type Tensor,
  tensor,
  trainer,
  zeros,
} from '../../../src/index';

const params = { w: zeros([3, 4]), b: zeros([3]) };
const gradient = (seed: number): Params => ({
  w: random.normal(random.key(seed), [3, 4]),
  b: random.normal(random.key(seed + 1000), [3]),
});
const numbers = (g: Params): number[] => Object.values(g).flatMap((x) => [...x.dataSync()]);
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const average = (list: readonly (readonly number[])[]): number[] =>
  (list[0] as readonly number[]).map((_, i) => list.reduce((sum, g) => sum + (g[i] as number), 0) / list.length);
function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i] as number, 5);
  });
}

/** All updates of a run. */
function run<S>(transform: ReturnType<typeof conGrad<S>>, gradients: readonly Params[]): Params[] {
  let state = transform.init(params);
  return gradients.map((g) => {
    const [updates, next] = transform.update(g, state, params);
    state = next;
    return updates;
  });
}

describe('conGrad', () => {
  const groups = ['de', 'fr', 'de', 'fr', 'fr'];

  it('keeps the gradients with the largest cosine with the merged means, cycle for cycle', () => {
    const [beta, keep] = [0.75, 2];
    // Rank 8 compresses nothing here, so that all is as the formulas have it.
    const transform = conGrad({ groups, keep, beta, inner: identity });
    let state = transform.init(params);
    const outs = Array.from({ length: 15 }, (_, i) => {
      const [updates, next] = transform.update(gradient(i), state, params);
      state = next;
      return updates;
    });
    const means: Record<string, number[]> = { de: new Array(15).fill(0), fr: new Array(15).fill(0) };
    for (let cycle = 0; cycle < 3; cycle++) {
      const own = groups.map((_, i) => numbers(gradient(5 * cycle + i)));
      for (const name of ['de', 'fr']) {
        const now = average(own.filter((_, i) => groups[i] === name));
        means[name] = (means[name] as number[]).map((m, j) => beta * m + (1 - beta) * (now[j] as number));
      }
      const direction = numbers(projectConflicts(Object.values(means).map((m) => ({ m: tensor(m) })))); // of two: no order
      const cosines = own.map((g) => dot(g, direction) / Math.sqrt(dot(g, g)));
      const best = [...cosines.keys()].sort((i, j) => (cosines[j] as number) - (cosines[i] as number)).slice(0, keep);
      expectClose(numbers(outs[5 * cycle + 4] as Params), average(best.map((i) => own[i] as number[])));
      for (let i = 0; i < 4; i++) expect(outs[5 * cycle + i]).toEqual({});
    }
    state.means.forEach((kept, i) => {
      expectClose(numbers(kept), means[['de', 'fr'][i] as string] as number[]);
    });
  });

  it('keeping all is gradient accumulation, whatever the projection', () => {
    const gradients = groups.map((_, i) => gradient(i));
    const [out] = run(conGrad({ groups, keep: 5, rank: 2, inner: identity }), gradients).slice(-1);
    expectClose(numbers(out as Params), average(gradients.map(numbers)));
  });

  it('does not care for the length of a gradient, but for its direction', () => {
    const g = gradient(1);
    const times = (by: number): Params => ({ w: (g.w as Tensor).mul(by), b: (g.b as Tensor).mul(by) });
    const [out] = run(conGrad({ groups: ['a', 'a', 'b'], keep: 1, inner: identity }), [
      times(-4),
      times(8),
      times(0.5),
    ]).slice(-1);
    expect(numbers(out as Params)).toEqual(numbers(times(8))); // of equal cosines the first
  });

  it('compares under one projection for all, from the seed, and keeps means of its size', () => {
    const make = (seed: number) => conGrad({ groups, keep: 1, rank: 2, seed, inner: identity });
    const state = make(0).init(params);
    expect(state.means.map(({ w, b }) => [w?.shape, b?.shape])).toEqual(new Array(2).fill([[2, 4], [3]]));
    const meansAfter = (seed: number, cycles: number): number[] => {
      const transform = make(seed);
      let now = transform.init(params);
      for (let step = 0; step < 5 * cycles; step++) [, now] = transform.update(gradient(step % 5), now, params);
      return now.means.flatMap(numbers);
    };
    const [once, twice] = [meansAfter(0, 1), meansAfter(0, 2)];
    expectClose(
      twice,
      once.map((x) => (0.9 + 1) * x), // the same gradients again, which the same projection compresses
    );
    expect(meansAfter(1, 1)).not.toEqual(once);
    // Of full rank haar's projection is a rotation: what is kept is what is kept without one.
    const rotated = conGrad({ groups, keep: 2, rank: 3, projector: projectors.haar, inner: identity });
    const plain = conGrad({ groups, keep: 2, filter: () => 'no matrix', inner: identity });
    const gradients = Array.from({ length: 10 }, (_, i) => gradient(40 + i));
    expect(numbers(run(rotated, gradients).at(-1) as Params)).toEqual(numbers(run(plain, gradients).at(-1) as Params));
  });

  it('goes on exactly from every step, the means of the groups included', async () => {
    const make = () =>
      conGrad({ groups: ['a', 'b', 'a'], keep: 2, rank: 2, seed: 1, inner: adam({ learningRate: 0.1 }) });
    const begin = () => ({ params: { w: random.normal(random.key(0), [3, 4]) }, transform: make() });
    const batch = (step: number): Tensor => random.normal(random.key(step), [2, 4]);
    const lossOf = (own: Params) => (step: number) =>
      mean(square(batch(step).matmul(own.w as Tensor, { transposeB: true })));
    const whole = begin();
    const training = trainer({ ...whole, loss: lossOf(whole.params), seed: 0 });
    const saved = [];
    for (let step = 0; step < 9; step++) {
      saved.push(await encodeCheckpoint({ parameters: whole.params, state: training.state, steps: training.steps }));
      training.step(step);
    }
    for (const files of saved.slice(1)) {
      const { parameters, state, steps } = decodeCheckpoint(files) as unknown as {
        parameters: { w: Tensor };
        state: typeof training.state;
        steps: number;
      };
      const next = trainer({
        params: parameters,
        transform: make(),
        loss: lossOf(parameters),
        seed: 0,
        resume: { state, steps },
      });
      while (next.steps < 9) next.step(next.steps);
      expect(numbers(parameters)).toEqual(numbers(whole.params));
    }
  });

  it('refuses cycles that it cannot have', () => {
    const inner = sgd({ learningRate: 0.1 });
    expect(() => conGrad({ groups: [], keep: 1, inner })).toThrow(/con-grad\/groups/);
    expect(() => conGrad({ groups, keep: 6, inner })).toThrow(/con-grad\/keep.*6 of 5/);
    expect(() => conGrad({ groups, keep: 1, inner, projector: projectors.svd })).toThrow(
      /projector\/looks-at-gradients/,
    );
  });
});
