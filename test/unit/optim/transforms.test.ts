import { describe, expect, it } from 'vitest';
import {
  adafactor,
  chain,
  clipByBlockRms,
  clipByGlobalNorm,
  ema,
  explain,
  type Params,
  random,
  type Schedule,
  scale,
  scaleByAdam,
  scaleBySchedule,
  schedules,
  stateBytes,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../../../src/index';
import { mapTensors } from '../../../src/tensor/tree';

const make = (seed: number): Params => ({
  'layer.weight': random.normal(random.key(seed), [3, 4]),
  'layer.bias': random.normal(random.key(seed + 1), [3]),
});
const params = make(0);
const g1 = make(10);
/** A tree with its numbers in the open, for comparisons. */
const open = (tree: unknown): unknown => mapTensors(tree, (t) => Array.from(t.dataSync()) as unknown as Tensor);

describe('chain', () => {
  it('of nothing is the identity', () => {
    const [updates, state] = chain().update(g1, [], params);
    expect(updates).toEqual(g1);
    expect(state).toEqual([]);
  });

  it('of two is one after the other', () => {
    const [a, b] = [scaleByAdam(), ema({ decay: 0.5 })];
    const both = chain(a, b);
    const [sa, sb] = both.init(params);
    const [u, sa1] = a.update(g1, sa, params);
    const [v, sb1] = b.update(u, sb, params);
    expect(open(both.update(g1, [sa, sb], params))).toEqual(open([v, [sa1, sb1]]));
  });

  it('is linear if all parts are', () => {
    expect(chain(ema({ decay: 0.9 }), scale(2)).linear).toBe(true);
    expect(chain(ema({ decay: 0.9 }), clipByBlockRms(1)).linear).toBe(false);
    expect(ema({ decay: 0.9, debias: true }).linear).toBe(false);
  });

  it('passes on the one explanation that says compressed', () => {
    const path = 'layer.weight';
    const plain = { path, compressed: false, side: null, rank: null, reason: 'first' };
    const says = (treatment: typeof plain | { compressed: true; side: 'right'; rank: number }) => ({
      ...scale(1),
      explain: () => [{ ...plain, ...treatment }],
    });
    const compressed = { compressed: true, side: 'right', rank: 2 } as const;
    const rowsOf = explain(chain(ema({ decay: 0.9 }), says(plain), says(compressed)), params);
    expect(rowsOf[0]).toMatchObject({ path, compressed: true, side: 'right', rank: 2, shape: [3, 4], bytes: 48 });
    expect(rowsOf[1]).toMatchObject({ path: 'layer.bias', compressed: false, reason: 'dense', bytes: 12 });
  });
});

describe('parts', () => {
  const one = (x: number[]): Params => ({ x: tensor(x) });
  const numbers = (updates: Params): number[] => Array.from((updates.x as Tensor).dataSync());

  it('clipByGlobalNorm scales all leaves by one factor', () => {
    const grads = { a: tensor([3]), b: tensor([4]) };
    const [u] = clipByGlobalNorm(1).update(grads, [], grads);
    expect(u.a?.dataSync()[0]).toBeCloseTo(0.6);
    expect(u.b?.dataSync()[0]).toBeCloseTo(0.8);
    expect(open(clipByGlobalNorm(6).update(grads, [], grads)[0])).toEqual(open(grads));
  });

  it('ema with debias starts at the gradient', () => {
    const transform = ema({ decay: 0.9, debias: true });
    const [u, state] = transform.update(one([2]), transform.init(one([0])), one([0]));
    expect(numbers(u)[0]).toBeCloseTo(2, 5);
    expect(state.step).toBe(1);
  });

  it('ema without debias starts at its share', () => {
    const transform = ema({ decay: 0.9 });
    const [u] = transform.update(one([2]), transform.init(one([0])), one([0]));
    expect(numbers(u)[0]).toBeCloseTo(0.2, 6);
  });

  it('schedules count from 0', () => {
    const seen: number[] = [];
    const schedule: Schedule = (step) => seen.push(step);
    const transform = scaleBySchedule(schedule);
    const state = transform.update(one([1]), transform.init(one([0])), one([0]))[1];
    transform.update(one([1]), state, one([0]));
    expect(seen).toEqual([0, 1]);
  });

  it('names the path of a gradient that has no state', () => {
    const transform = scaleByAdam();
    expect(() => transform.update(one([1]), transform.init(params), params)).toThrow(/scaleByAdam .*"x"/);
  });

  it('is never recorded', () => {
    const x = tensor([2]);
    const { grads } = valueAndGrad(() => x.mul(scale(3).update({ x }, [], { x })[0].x as Tensor).sum(), { x });
    expect(grads.x?.dataSync()[0]).toBe(6);
  });
});

describe('schedules', () => {
  it.each<[string, Schedule, Record<number, number>]>([
    ['constant', schedules.constant(0.3), { 0: 0.3, 99: 0.3 }],
    ['linear', schedules.linear({ from: 1, to: 0.5, steps: 10 }), { 0: 1, 5: 0.75, 10: 0.5, 20: 0.5 }],
    ['cosine', schedules.cosine({ from: 1, steps: 10 }), { 0: 1, 5: 0.5, 10: 0, 11: 0 }],
    [
      'warmupCosine',
      schedules.warmupCosine({ peak: 2, warmup: 4, steps: 14, to: 1 }),
      { 0: 0, 2: 1, 4: 2, 9: 1.5, 14: 1, 99: 1 },
    ],
  ])('%s', (_, schedule, expected) => {
    for (const [step, value] of Object.entries(expected)) expect(schedule(Number(step))).toBeCloseTo(value, 12);
  });

  describe('cosineWithRestarts', () => {
    const options = { peak: 2, steps: 30, warmup: 4, restartEvery: 10, restartWarmup: 3, to: 0.5 };
    const { cosineWithRestarts } = schedules;
    const wave = (t: number): number => 0.5 + (1.5 * (1 + Math.cos((Math.PI * (t - 4)) / 26))) / 2;

    it('rises at first, falls along half a wave, and rises from 0 to where that is after each restart', () => {
      const schedule = cosineWithRestarts(options);
      for (let t = 0; t < 30; t++) {
        const [restart, since] = [Math.floor(t / 10) * 10, t % 10];
        const rising = restart > 0 && since < 3;
        const expected = t < 4 ? (2 * t) / 4 : rising ? (since / 3) * wave(restart + 3) : wave(t);
        expect([t, schedule(t).toFixed(12)]).toEqual([t, expected.toFixed(12)]);
      }
      expect([schedule(10), schedule(20), schedule(30), schedule(99)]).toEqual([0, 0, 0.5, 0.5]);
    });

    it('without a rise has no restart, and falls to 0 unless it is told', () => {
      const { restartWarmup: _, to: __, ...rest } = options;
      const [one, plain] = [cosineWithRestarts(rest), schedules.warmupCosine({ peak: 2, warmup: 4, steps: 30 })];
      for (let t = 0; t < 40; t++) expect(one(t)).toBe(plain(t));
    });

    it.each([{ steps: 35 }, { warmup: 11 }, { restartWarmup: 11 }, { restartEvery: 0 }])('refuses %o', (wrong) => {
      expect(() => cosineWithRestarts({ ...options, ...wrong })).toThrow(/options\/range/);
    });
  });
});

describe('stateBytes and explain', () => {
  it('count tensors, not numbers', () => {
    expect(stateBytes({ step: 7, name: 'x', list: [tensor([1, 2]), { deep: tensor([[1]]) }] })).toBe(12);
    expect(stateBytes(scaleByAdam().init(params))).toBe(2 * 4 * 15);
  });

  it('measure each parameter', () => {
    const bytes = explain(adafactor({ learningRate: 1 }), params).map((row) => [row.path, row.bytes]);
    expect(bytes).toEqual([
      ['layer.weight', 4 * 7],
      ['layer.bias', 4 * 3],
    ]);
  });
});
