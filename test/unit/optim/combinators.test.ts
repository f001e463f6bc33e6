import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adam,
  adamw,
  applyUpdates,
  chain,
  compress,
  ema,
  explain,
  flora,
  masked,
  momentum,
  type Params,
  partition,
  projectors,
  random,
  scale,
  scaleByAdam,
  scaleBySchedule,
  sgd,
  stateBytes,
  type Tensor,
  tensor,
} from '../../../src/index';

const leaves = (seed: number): Params => ({
  'table.weight': random.normal(random.key(seed), [5, 3]),
  'layer.weight': random.normal(random.key(seed + 1), [3, 4]),
  'layer.bias': random.normal(random.key(seed + 2), [3]),
});
const params = leaves(0);
const grads = leaves(10);
const values = (updates: Params, path: string): number[] => Array.from((updates[path] as Tensor).dataSync());

describe('partition', () => {
  const labelOf = (path: string) => (path.startsWith('table.') ? 'table' : 'rest');
  const both = partition({ table: sgd({ learningRate: 0.5 }), rest: adam({ learningRate: 0.1 }) }, labelOf);

  it('gives each leaf what its transform alone would', () => {
    const [updates, state] = both.update(grads, both.init(params), params);
    expect(values(updates, 'table.weight')).toEqual(values(grads, 'table.weight').map((g) => Math.fround(-0.5 * g)));
    const alone = adam({ learningRate: 0.1 });
    const bias = { 'layer.bias': grads['layer.bias'] as Tensor };
    const [expected] = alone.update(bias, alone.init(bias), bias);
    expect(values(updates, 'layer.bias')).toEqual(values(expected, 'layer.bias'));
    expect(Object.keys(state)).toEqual(['table', 'rest']);
    expect(state.rest[0].step).toBe(1);
  });

  it('shows each transform its own leaves only, also among the parameters', () => {
    const seen: string[][] = [];
    const spy = (label: string) => ({
      ...scale(1),
      update: (g: Params, state: readonly [], p: Params): [Params, readonly []] => {
        seen.push([label, ...Object.keys(g), '|', ...Object.keys(p)]);
        return [g, state];
      },
    });
    const spied = partition({ table: spy('table'), rest: spy('rest') }, labelOf);
    const bias = { 'layer.bias': grads['layer.bias'] as Tensor };
    spied.update(bias, spied.init(params), params);
    expect(seen).toEqual([['rest', 'layer.bias', '|', 'layer.weight', 'layer.bias']]);
  });

  it('keeps state for the leaves of a label alone', () => {
    const state = partition({ table: scale(1), rest: momentum({ decay: 0.9 }) }, labelOf).init(params);
    expect(Object.keys(state.rest.trace)).toEqual(['layer.weight', 'layer.bias']);
    expect(stateBytes(state)).toBe(4 * (12 + 3));
  });

  it('names an unknown label and the path that has it', () => {
    const lost = partition({ rest: scale(1) }, ((path: string) =>
      path === 'layer.bias' ? 'biases' : 'rest') as never);
    expect(() => lost.init(params)).toThrow(/partition\/label.*"biases" for "layer.bias".*one of "rest"/);
    const inherited = partition({ rest: scale(1) }, (() => 'toString') as never);
    expect(() => inherited.init(params)).toThrow(/partition\/label/);
  });

  it('is linear if all parts are', () => {
    expect(partition({ a: scale(1), b: ema({ decay: 0.5 }) }, () => 'a').linear).toBe(true);
    expect(partition({ a: scale(1), b: scaleByAdam() }, () => 'a').linear).toBe(false);
  });

  it('explains every leaf with its label', () => {
    const transform = partition(
      { compressed: flora({ learningRate: 0.1, rank: 2 }), frozen: scale(0), rest: sgd({ learningRate: 1 }) },
      (path) => (path === 'layer.weight' ? 'compressed' : path === 'layer.bias' ? 'frozen' : 'rest'),
    );
    const rows = explain(transform, params).map(({ path, compressed, rank, reason }) => [
      path,
      compressed,
      rank,
      reason,
    ]);
    expect(rows).toEqual([
      ['table.weight', false, null, 'rest: chain(identity, addDecayedWeights, scale)'],
      ['layer.weight', true, 2, 'compressed: gaussian'],
      ['layer.bias', false, null, 'frozen: never updated: scaled by 0'],
    ]);
  });
});

describe('masked', () => {
  it('passes leaves outside on as they are, without state for them', () => {
    const transform = masked(scaleByAdam(), (_, { ndim }) => ndim === 2);
    const state = transform.init(params);
    expect(Object.keys(state.mean)).toEqual(['table.weight', 'layer.weight']);
    const [updates] = transform.update(grads, state, params);
    expect(updates['layer.bias']).toBe(grads['layer.bias']);
    expect(values(updates, 'layer.weight')).not.toEqual(values(grads, 'layer.weight'));
  });

  it('does not move where only others have gradients', () => {
    const transform = masked(scaleByAdam(), (path) => path === 'layer.weight');
    const state = transform.init(params);
    const bias = { 'layer.bias': grads['layer.bias'] as Tensor };
    const [updates, after] = transform.update(bias, state, params);
    expect(updates).toEqual(bias);
    expect(after).toBe(state);
  });

  it('explains the leaves inside', () => {
    const rows = explain(
      masked(scale(0), (path) => path === 'layer.bias'),
      params,
    );
    expect(rows.map(({ reason }) => reason)).toEqual(['dense', 'dense', 'never updated: scaled by 0']);
  });
});

describe('accumulate', () => {
  const one = (x: number): Params => ({ x: tensor([x]) });

  it('hands on the mean of k gradients, and nothing between', () => {
    const transform = accumulate(3, scale(-1));
    let state = transform.init(one(0));
    const seen: (number | undefined)[] = [];
    for (const x of [1, 2, 6, 10, 20, 30]) {
      const [updates, next] = transform.update(one(x), state, one(0));
      state = next;
      seen.push(updates.x?.dataSync()[0]);
    }
    expect(seen).toEqual([undefined, undefined, -3, undefined, undefined, -20]);
  });

  it('counts a leaf absent from some gradients as zero there, and leaves out one absent from all', () => {
    const transform = accumulate(2, adamw({ learningRate: 0.1, weightDecay: 0.5 }));
    const both = { x: tensor([4]), y: tensor([1]), z: tensor([1]) };
    const { x, y } = both;
    const half = transform.update({ x, y }, transform.init(both), both)[1];
    const [updates, after] = transform.update({ x }, half, both);
    expect(Object.keys(updates)).toEqual(['x', 'y']);
    expect(after.inner[0].mean.y?.dataSync()[0]).toBeCloseTo(0.05, 7); // (1 − β1)·(1 + 0)/2
    expect(after.counts).toEqual({ x: 0, y: 0, z: 0 });
    expect(after.sums.x?.dataSync()[0]).toBe(0);
  });

  it('moves a schedule once a cycle: schedules count updates of the parameters', () => {
    const steps: number[] = [];
    const schedule = (step: number): number => {
      steps.push(step);
      return -1;
    };
    const transform = accumulate(3, scaleBySchedule(schedule));
    let state = transform.init(one(0));
    for (let i = 0; i < 9; i++) state = transform.update(one(1), state, one(0))[1];
    expect(steps).toEqual([0, 1, 2]);
  });

  it('explains what its inner transform explains', () => {
    const inner = flora({ learningRate: 0.1, rank: 2 });
    const reasons = (rows: ReturnType<typeof explain>) => rows.map(({ path, reason }) => [path, reason]);
    expect(reasons(explain(accumulate(2, inner), params))).toEqual(reasons(explain(inner, params)));
  });

  it('is linear as its inner transform is, and wants a whole number', () => {
    expect(accumulate(2, scale(1)).linear).toBe(true);
    expect(accumulate(2, scaleByAdam()).linear).toBe(false);
    expect(() => accumulate(0, scale(1))).toThrow(/k = 0/);
    expect(() => accumulate(1.5, scale(1))).toThrow(/k = 1.5/);
  });

  it('does not fit inside a compression, which says so', () => {
    const inner = accumulate(2, ema({ decay: 0.9 }));
    const options = { projector: projectors.gaussian, rank: 2, inner, refreshEvery: 9, onRefresh: 'reset' } as const;
    const transform = compress(options);
    expect(() => transform.update(grads, transform.init(params), params)).toThrow(
      /compress\/withheld.*"table.weight" from accumulate\(2, ema\)/,
    );
  });
});

describe('paths that every record inherits', () => {
  const odd = (): Params => Object.fromEntries(['__proto__', 'constructor'].map((path) => [path, tensor([1, 2])]));

  it('are parameters like others', () => {
    const weights = odd();
    const transform = chain(scaleByAdam(), scale(-1));
    const [updates] = transform.update(odd(), transform.init(weights), weights);
    applyUpdates(weights, updates);
    expect(Object.keys(weights)).toEqual(['__proto__', 'constructor']);
    expect(values(weights, '__proto__')[0]).toBeCloseTo(0, 6);
  });

  it('are unknown where they are not there', () => {
    const transform = scaleByAdam();
    expect(() => transform.update(odd(), transform.init(params), params)).toThrow(/params\/unknown/);
    expect(() => applyUpdates(params, odd())).toThrow(/params\/unknown/);
  });

  it('and names of fields of a state do not confuse explain', () => {
    const named = { mean: tensor([1, 2]), square: tensor([3]), other: tensor([4]) };
    expect(explain(scaleByAdam(), named).map(({ path, bytes }) => [path, bytes])).toEqual([
      ['mean', 16],
      ['square', 8],
      ['other', 8],
    ]);
  });
});
