import { describe, expect, it } from 'vitest';
import {
  type Combine,
  type CompressOptions,
  compress,
  type EmaState,
  ema,
  explain,
  flora,
  floraAccumulate,
  type GradientTransform,
  type LeafStatistics,
  linalg,
  type Params,
  type Projection,
  type Projector,
  projectors,
  type RefreshContext,
  random,
  scale,
  stateBytes,
  type Tensor,
  zeros,
} from '../../../src/index';

// What a projector, a rule, a combine and a function for refreshes are given, and what stays in a leaf.

const at = (seed: number, shape: number[] = [6, 4]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);
const near = (t: Tensor) => numbers(t).map((x) => expect.closeTo(x, 5));
const { explicit, gaussian, haar, svd } = projectors;
const inner = (): GradientTransform<EmaState> => ema({ decay: 0.9 });
const usual = { rank: 2, refreshEvery: 3, onRefresh: 'transfer' } as const;

/** The states after each step; step i has the gradients that `grads` gives for i. */
function statesOf<S>(transform: GradientTransform<S>, params: Params, grads: (step: number) => Params, steps: number) {
  let state = transform.init(params);
  return Array.from({ length: steps }, (_, step) => {
    state = transform.update(grads(step), state, params)[1];
    return state;
  });
}

describe('a projector that looks at gradients', () => {
  it('is made for the first gradient of a parameter, however late that comes', () => {
    const transform = compress({ ...usual, projector: svd, inner: ema({ decay: 0 }), refreshEvery: 10 });
    const params = { early: zeros([6, 4]), late: zeros([6, 4]) };
    let state = transform.init(params);
    expect([state.leaves.early?.refreshes, state.leaves.late?.refreshes]).toEqual([-1, -1]);
    for (let step = 0; step < 4; step++) state = transform.update({ early: at(step) }, state, params)[1];
    const [updates, next] = transform.update({ early: at(4), late: at(5) }, state, params);
    expect([next.leaves.early?.refreshes, next.leaves.late?.refreshes]).toEqual([0, 0]);
    const { u, s, vt } = linalg.svd(at(5), { rank: 2 });
    expect(numbers(updates.late)).toEqual(near(u.mul(s).matmul(vt)));
  });

  it('gets the projection in use, a key of its own, the step, the inner state and the path', () => {
    const seen: { p: Projection; context: RefreshContext<EmaState> }[] = [];
    const spy: Projector<Projection, EmaState> = {
      ...(gaussian as Projector),
      refresh(p, _, context) {
        seen.push({ p, context });
        return gaussian.sample(context.key, p.shape, p.rank);
      },
    };
    const transform = compress({ ...usual, projector: spy, inner: inner() });
    const states = statesOf(transform, { w: zeros([6, 4]) }, (step) => ({ w: at(step) }), 7);
    expect(seen.map(({ context: { first, step, path } }) => [first, step, path])).toEqual([
      [true, 0, 'w'],
      [false, 3, 'w'],
      [false, 6, 'w'],
    ]);
    expect(new Set(seen.map(({ context }) => String(context.key))).size).toBe(3);
    expect(numbers(seen[0]?.context.inner.mean.w)).toEqual(new Array(12).fill(0));
    expect(seen[1]?.context.inner).toBe(states[2]?.leaves.w?.inner);
    expect(seen[1]?.p).toBe(states[2]?.leaves.w?.projection);
  });

  it('looks at what a combine shows it in place of the gradient', () => {
    const [g, shown] = [at(1), at(2)];
    const other: Combine<EmaState> = (gradient, leaf, { refresh, down, inner: run, up }) => {
      const renewed = refresh(leaf, { gradient: shown });
      const [mean, next] = run(renewed, down(renewed, gradient));
      return [up(next, mean), next];
    };
    const transform = compress({ ...usual, projector: svd, inner: inner(), combine: other });
    const leaf = transform.update({ w: g }, transform.init({ w: g }), {})[1].leaves.w;
    const { vt } = linalg.svd(shown, { rank: 2 });
    expect(numbers(leaf?.projection.matrix)).toEqual(near(vt));
  });
});

describe('a function in the place of onRefresh', () => {
  it('gets the state, the old projection and the new one, and its result is the state', () => {
    const calls: { state: EmaState; from: number; to: number }[] = [];
    const matrices = [at(1, [2, 4]), at(2, [2, 4]), at(3, [2, 4])];
    const halve = (state: EmaState, from: { refresh: number }, to: { refresh: number }): EmaState => {
      calls.push({ state, from: from.refresh, to: to.refresh });
      return { mean: { w: (state.mean.w as Tensor).mul(0.5) } };
    };
    const transform = compress({ ...usual, projector: explicit(matrices), inner: inner(), onRefresh: halve });
    const g = at(4);
    const [, , before, after] = statesOf(transform, { w: g }, () => ({ w: g }), 7);
    expect(calls.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    const old = before?.leaves.w?.inner.mean.w as Tensor;
    expect(calls[0]?.state.mean.w).toBe(old);
    const arrived = g.matmul(matrices[1] as Tensor, { transposeB: true }); // [6, 4]·[4, 2]
    expect(numbers(after?.leaves.w?.inner.mean.w)).toEqual(near(old.mul(0.5 * 0.9).add(arrived.mul(0.1))));
  });
});

describe('the state of a combine', () => {
  interface Kept {
    readonly steps: number;
    readonly last: Tensor;
  }
  const step: Combine<EmaState, Kept> = (gradient, leaf, { refresh, down, inner: run, up }) => {
    const renewed = refresh(leaf);
    const [mean, next] = run(renewed, down(renewed, gradient));
    return [up(next, mean), { ...next, own: { steps: leaf.own.steps + 1, last: gradient } }];
  };
  const combine = Object.assign(step, { init: ({ shape }: Tensor): Kept => ({ steps: 0, last: zeros(shape) }) });

  it.each(['transfer', 'reset', 'keep', (state: EmaState) => state] as const)('survives a refresh: %s', (onRefresh) => {
    const transform = compress({ ...usual, projector: gaussian, inner: inner(), onRefresh, combine });
    const params = { w: zeros([6, 4]) };
    const states = statesOf(transform, params, (i) => ({ w: at(i) }), 5);
    expect(states.map(({ leaves }) => leaves.w?.own.steps)).toEqual([1, 2, 3, 4, 5]);
    expect(states.map(({ leaves }) => leaves.w?.refreshes)).toEqual([0, 0, 0, 1, 1]);
    expect(numbers(states[3]?.leaves.w?.own.last)).toEqual(numbers(at(3)));
  });

  it('counts from the start, and is absent where there is none', () => {
    const options = { ...usual, projector: gaussian, inner: inner() };
    const params = { w: zeros([6, 4]) };
    expect(stateBytes(compress({ ...options, combine }).init(params))).toBe(4 * (12 + 24));
    expect(Object.keys(compress(options).init(params).leaves.w ?? {})).toEqual(['refreshes', 'projection', 'inner']);
  });
});

describe('rules', () => {
  const params = { wide: zeros([4, 9]), tall: zeros([9, 4]) };
  const grads = (step: number): Params => ({ wide: at(step, [4, 9]), tall: at(step + 100, [9, 4]) });

  it('give the rank by path, step and statistics, when a projection is drawn', () => {
    const asked: [string, number, LeafStatistics['shape'], number, boolean][] = [];
    const rank = (path: string, step: number, { shape, refreshes, kept }: LeafStatistics): number => {
      asked.push([path, step, shape, refreshes, Number.isNaN(kept())]);
      return path === 'wide' ? 3 : step < 3 ? 4 : 2;
    };
    const transform = compress({ ...usual, projector: haar, inner: inner(), rank });
    expect(explain(transform, params).map((row) => [row.rank, row.bytes])).toEqual([
      [3, 4 * 3 * 9],
      [4, 4 * 4 * 9],
    ]);
    asked.length = 0;
    const states = statesOf(transform, params, grads, 4);
    expect(states.map(({ leaves }) => [leaves.wide, leaves.tall].map((leaf) => leaf?.projection.rank))).toEqual([
      [3, 4],
      [3, 4],
      [3, 4],
      [3, 2],
    ]);
    const drawn = asked.filter(([, step]) => step > 0);
    expect(drawn).toEqual([
      ['wide', 3, [4, 9], 0, false],
      ['tall', 3, [9, 4], 0, false],
    ]);
    // The momentum of 4 columns is carried to 2.
    const [old, now] = [states[2]?.leaves.tall, states[3]?.leaves.tall] as const;
    if (!old || !now) throw new Error('no leaf');
    const carried = haar.down(now.projection, haar.up(old.projection, old.inner.mean.tall as Tensor));
    const arrived = haar.down(now.projection, grads(3).tall as Tensor);
    expect(numbers(now.inner.mean.tall)).toEqual(near(carried.mul(0.9).add(arrived.mul(0.1))));
  });

  it('a rank that changes makes a projector that looks at gradients begin again from a sample of that rank', () => {
    const firsts: [boolean, number][] = [];
    const spy: Projector<Parameters<NonNullable<typeof svd.refresh>>[0]> = {
      ...svd,
      refresh(p, g, context) {
        firsts.push([context.first, p.rank]);
        return svd.refresh?.(p, g, context) ?? p;
      },
    };
    const rank = (_: string, step: number): number => (step < 6 ? 3 : 2);
    const transform = compress({ ...usual, projector: spy, inner: inner(), rank });
    statesOf(transform, { w: zeros([6, 4]) }, (step) => ({ w: at(step) }), 7);
    expect(firsts).toEqual([
      [true, 3],
      [false, 3],
      [true, 2],
    ]);
  });

  it('refuse to keep a state of another rank, and answers that are no rank or interval', () => {
    const options = { ...usual, projector: haar, inner: inner() };
    const run = (more: Partial<CompressOptions<Projection, EmaState>>) => () =>
      statesOf(compress({ ...options, ...more } as never), params, grads, 4);
    expect(run({ rank: (_, step) => (step < 3 ? 4 : 2), onRefresh: 'keep' })).toThrow(
      /compress\/kept.*\[4, 9\].*\[2, 9\]/,
    );
    expect(run({ rank: () => 1.5 })).toThrow(/options\/range.*the rank for "wide" = 1.5/);
    expect(run({ refreshEvery: () => 0 })).toThrow(/options\/range.*refreshEvery for "wide" = 0/);
  });

  it('give the interval in each step, and may go by what the projection keeps of the gradient', () => {
    const shares: number[] = [];
    const refreshEvery = (path: string, step: number, { kept }: LeafStatistics): number => {
      if (path === 'tall') return 2;
      if (step > 0) shares.push(kept());
      return Number.isNaN(kept()) || kept() > 0.999 ? Infinity : 1;
    };
    const transform = compress({ ...usual, projector: svd, inner: inner(), refreshEvery });
    // Until step 3 the wide gradient is a matrix of rank 2, which two singular vectors keep whole.
    const low = at(7, [4, 2]).matmul(at(8, [2, 9]));
    const given = (step: number): Params => ({ tall: at(step, [9, 4]), wide: step < 3 ? low : at(9, [4, 9]) });
    const states = statesOf(transform, params, given, 5);
    expect(states.map(({ leaves }) => [leaves.wide?.refreshes, leaves.tall?.refreshes])).toEqual([
      [0, 0],
      [0, 0],
      [0, 1],
      [1, 1],
      [2, 2],
    ]);
    const p = states[2]?.leaves.wide?.projection as ReturnType<typeof svd.sample>;
    const [c, g] = [svd.down(p, at(9, [4, 9])), at(9, [4, 9])];
    const share = Math.hypot(...numbers(c)) ** 2 / Math.hypot(...numbers(g)) ** 2;
    expect(shares.slice(0, 3)).toEqual([1, 1, share].map((x) => expect.closeTo(x, 4)));
  });
});

describe('staggered refreshes', () => {
  const names = ['a', 'b', 'c', 'd'];
  const params = Object.fromEntries(names.map((name) => [name, zeros([6, 4])]));
  const grads = (step: number): Params => Object.fromEntries(names.map((name, i) => [name, at(10 * step + i)]));
  const phases = (state: { leaves: Readonly<Record<string, { readonly phase?: number }>> }) =>
    names.map((name) => state.leaves[name]?.phase);

  it('are spread over the interval by a phase that init fixes and the leaf keeps', () => {
    const transform = compress({ ...usual, projector: gaussian, inner: inner(), refreshEvery: 8, stagger: true });
    expect(phases(transform.init(params))).toEqual([0, 2, 4, 6]);
    const states = statesOf(transform, params, grads, 17);
    const refreshed = names.map((name) =>
      states.flatMap(({ leaves }, i) =>
        leaves[name]?.refreshes !== (states[i - 1]?.leaves[name]?.refreshes ?? 0) ? i : [],
      ),
    );
    expect(refreshed).toEqual([
      [8, 16],
      [2, 10],
      [4, 12],
      [6, 14],
    ]);
    expect(phases(states[16] as (typeof states)[number])).toEqual([0, 2, 4, 6]);
  });

  it('follow the leaf, not its place among the gradients of a step', () => {
    const transform = compress({ ...usual, projector: gaussian, inner: inner(), refreshEvery: 4, stagger: true });
    const only = statesOf(transform, params, (step) => ({ d: at(step) }), 5);
    expect(only.map(({ leaves }) => leaves.d?.refreshes)).toEqual([0, 0, 0, 1, 1]);
  });

  it('never come where the interval is Infinity', () => {
    const transform = compress({
      ...usual,
      projector: gaussian,
      inner: inner(),
      refreshEvery: Infinity,
      stagger: true,
    });
    const states = statesOf(transform, params, grads, 3);
    expect(states.map(({ leaves }) => leaves.d?.refreshes)).toEqual([0, 0, 0]);
  });
});

describe('flora hands on', () => {
  const g = at(1, [8, 8]);
  const momentum = (more: Partial<Parameters<typeof flora>[0]>) =>
    statesOf(flora({ learningRate: 1, rank: 2, refreshEvery: 2, seed: 3, ...more }), { w: g }, () => ({ w: g }), 3);
  const last = (more: Partial<Parameters<typeof flora>[0]>) => momentum(more)[2]?.[1].leaves.w;

  it('its projector', () => {
    expect(numbers(last({ projector: haar })?.inner.mean.w)).not.toEqual(numbers(last({})?.inner.mean.w));
    const rows = explain(flora({ learningRate: 1, rank: 2, projector: haar }), { w: g });
    expect(rows[0]?.reason).toBe('haar');
  });

  it('what a refresh does to the momentum', () => {
    const means = ['transfer', 'reset', 'keep'] as const;
    const all = means.map((onRefresh) => numbers(last({ onRefresh })?.inner.mean.w).join());
    expect(new Set(all).size).toBe(3);
    expect(all[0]).toBe(numbers(last({})?.inner.mean.w).join());
    const zero = (state: EmaState): EmaState => ({ mean: { w: zeros((state.mean.w as Tensor).shape) } });
    expect(numbers(last({ onRefresh: zero })?.inner.mean.w).join()).toBe(all[1]);
  });

  it('its rules, and whether refreshes are staggered', () => {
    expect(last({ rank: () => 3, refreshEvery: () => 1 })?.projection.rank).toBe(3);
    expect(last({ refreshEvery: () => 1 })?.refreshes).toBe(2);
    expect(last({ stagger: true })?.phase).toBe(0);
    expect(last({})).not.toHaveProperty('phase');
  });
});

describe('floraAccumulate', () => {
  const g = at(1, [6, 4]);
  const cycle = (projector: Projector, rank: number): number[] => {
    const transform = floraAccumulate({ steps: 1, rank, inner: scale(1), projector });
    return numbers(transform.update({ w: g }, transform.init({ w: g }), { w: g })[0].w);
  };
  it('hands on its projector', () => {
    // Haar rows of full rank lose nothing; Gaussian ones do.
    expect(cycle(haar, 4)).toEqual(near(g));
    expect(cycle(gaussian, 4)).not.toEqual(near(g));
    const sums = floraAccumulate({ steps: 2, rank: 2, inner: scale(1), projector: projectors.twoSidedProduct });
    expect(sums.init({ w: g }).sums.w?.shape).toEqual([2, 2]);
    expect(explain(sums, { w: g })[0]?.reason).toBe('twoSidedProduct');
  });
  it('gives each cycle the matrix of its number', () => {
    const given = [at(2, [2, 4]), at(3, [2, 4])];
    const transform = floraAccumulate({ steps: 1, rank: 2, inner: scale(1), projector: explicit(given) });
    let state = transform.init({ w: g });
    for (const a of given) {
      const [updates, next] = transform.update({ w: g }, state, { w: g });
      state = next;
      expect(numbers(updates.w)).toEqual(near(g.matmul(a, { transposeB: true }).matmul(a)));
    }
  });
  it('refuses a projector that is made for one gradient', () => {
    expect(() => floraAccumulate({ steps: 2, rank: 2, inner: scale(1), projector: svd })).toThrow(
      /projector\/looks-at-gradients.*svd/,
    );
  });
});
