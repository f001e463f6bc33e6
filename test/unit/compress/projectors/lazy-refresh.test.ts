import { describe, expect, it } from 'vitest';
import {
  compress,
  ema,
  fixedSide,
  galore,
  type LazyRefreshOptions,
  lazyRefresh,
  type Params,
  projectors,
  random,
  scaleByAdam,
  stateBytes,
  type Tensor,
  tensor,
  zeros,
} from '../../../../src/index';
import { checkLike } from '../../../../src/io/checkpoint-like';

// What is refreshed when, by gradients whose leading right singular vectors are known.

const shape = [7, 4];
const params = { w: zeros(shape) };
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);

/** 9·u·vᵀ + a little, v at this angle in the plane of the first two coordinates. */
const turned = (angle: number, seed = 1): Params => {
  const v = tensor([[Math.cos(angle), Math.sin(angle), 0, 0]]);
  const u = random.normal(random.key(3), [7, 1]);
  return {
    w: u
      .mul(9)
      .matmul(v)
      .add(random.normal(random.key(seed), shape).mul(0.001)),
  };
};

/** The steps of a refresh, the first one included, and the states after each step. */
function refreshesOf(
  options: LazyRefreshOptions,
  angle: (step: number) => number,
  { steps = 20, refreshEvery = 1 } = {},
) {
  const projector = lazyRefresh(projectors.svd, options);
  const transform = compress({ projector, rank: 2, inner: ema({ decay: 0.5 }), refreshEvery, onRefresh: 'keep' });
  let state = transform.init(params);
  const states = [state];
  const at: number[] = [];
  for (let step = 0; step < steps; step++) {
    const before = state.leaves.w?.refreshes;
    state = transform.update(turned(angle(step), step), state, params)[1];
    states.push(state);
    if (state.leaves.w?.refreshes !== before) at.push(step);
  }
  return { at, states };
}

describe('a lazily refreshed projector', () => {
  it('doubles the interval at every refresh once five similarities have a mean of 0.4', () => {
    const { at, states } = refreshesOf({}, () => 0.3, { steps: 40 });
    expect(at).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 16, 32]);
    const { lazy } = states.at(-1)?.leaves.w?.projection ?? {};
    expect([lazy?.seen, lazy?.every]).toEqual([9, 32]);
    expect(lazy?.similarities).toEqual(new Array(5).fill(expect.closeTo(1, 4)));
  });

  it('counts in intervals of refreshEvery', () => {
    const { at } = refreshesOf({}, () => 0.3, { steps: 60, refreshEvery: 3 });
    expect(at).toEqual([0, 3, 6, 9, 12, 15, 18, 24, 48]);
  });

  it('takes the mean over the last ones: a subspace that stays doubles only when the turns have left', () => {
    const { at } = refreshesOf({ threshold: 0.3 }, (step) => (step < 5 ? (step * Math.PI) / 2 : 0), { steps: 14 });
    // The similarities of steps 1 to 4 are 0, those from step 5 on 1: their mean is 0.2 in step 5 and 0.4 in step 6.
    expect(at).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 12]);
  });

  it('goes on at the base interval where the subspace turns', () => {
    const { at } = refreshesOf({}, (step) => (step * Math.PI) / 2.2, { steps: 12 }); // cos 82° = 0.14
    expect(at).toEqual(Array.from({ length: 12 }, (_, step) => step));
  });

  it('takes another window, threshold and factor', () => {
    const still = (): number => 0;
    expect(refreshesOf({ window: 2 }, still, { steps: 9 }).at).toEqual([0, 1, 2, 4, 8]);
    expect(refreshesOf({ window: 1, factor: 3 }, still, { steps: 28 }).at).toEqual([0, 1, 3, 9, 27]);
    const slowly = (step: number): number => step * 0.8; // cos 0.8 = 0.70
    expect(refreshesOf({ window: 1, threshold: 0.69 }, slowly, { steps: 4 }).at).toEqual([0, 1, 2]);
    expect(refreshesOf({ window: 1, threshold: 0.71 }, slowly, { steps: 4 }).at).toEqual([0, 1, 2, 3]);
  });

  it('compares without the sign, or with it where asked', () => {
    // The signs of a factorization are its own affair: a projector that flips its rows makes them part of the test.
    const { svd } = projectors;
    let sign = 1;
    const flipping: typeof svd = {
      ...svd,
      refresh(p, gradient, context) {
        const made = svd.refresh?.(p, gradient, context) ?? p;
        const first = numbers(made.matrix)[0] as number;
        sign = -sign;
        return { ...made, matrix: made.matrix.mul(Math.sign(first) * sign) };
      },
    };
    const count = (signed: boolean): number => {
      const projector = lazyRefresh(flipping, { signed });
      const transform = compress({ projector, rank: 1, inner: ema({ decay: 0 }), refreshEvery: 1, onRefresh: 'keep' });
      let state = transform.init(params);
      for (let step = 0; step < 9; step++) state = transform.update(turned(0.3), state, params)[1];
      return state.leaves.w?.refreshes ?? NaN;
    };
    expect(count(false)).toBe(7);
    expect(count(true)).toBe(8);
  });

  it('is the projector itself in between: the same subspace, state and all', () => {
    const { states } = refreshesOf({ window: 1 }, (step) => step * 0.1, { steps: 4 });
    const [, , second, third, fourth] = states;
    expect(third?.leaves.w?.projection).not.toBe(second?.leaves.w?.projection); // step 2 of 0, 1, 2
    expect(fourth?.leaves.w?.projection).toBe(third?.leaves.w?.projection);
  });

  it('keeps the structure of its state, and says how large it is', () => {
    for (const side of ['left', 'right'] as const) {
      const projector = fixedSide(lazyRefresh(projectors.svd), side);
      const transform = compress({ projector, rank: 2, inner: ema({ decay: 0 }), refreshEvery: 1, onRefresh: 'keep' });
      const fresh = transform.init(params);
      let state = fresh;
      for (let step = 0; step < 3; step++) state = transform.update(turned(step, step), state, params)[1];
      checkLike({}, state, { state: fresh });
      const d = side === 'left' ? 7 : 4;
      const inner = 2 * (28 / d);
      expect(stateBytes(state)).toBe(4 * (inner + 2 * d + d));
      expect(projector.storedFloats(shape, 2)).toBe(2 * d + d);
      const { lazy, matrix } = state.leaves.w?.projection ?? {};
      expect(numbers(lazy?.first)).toEqual(numbers(matrix).slice(0, d));
    }
  });

  it('is refused where there is nothing to compare', () => {
    expect(() => lazyRefresh(projectors.gaussian)).toThrow(/projector\/lazy/);
    const both = { ...projectors.svd, compressedShape: () => [1, 1] };
    expect(() => lazyRefresh(both)).toThrow(/projector\/both-sides/);
  });
});

describe('refreshes one after the other over an interval', () => {
  const names = ['a', 'b', 'c', 'd'];
  const many: Params = Object.fromEntries(names.map((name) => [name, zeros(shape)]));

  it('double the intervals of each parameter around a place of its own', () => {
    const projector = lazyRefresh(projectors.svd, { window: 1 });
    const transform = compress({
      projector,
      rank: 1,
      inner: scaleByAdam(),
      refreshEvery: 4,
      onRefresh: 'keep',
      stagger: true,
    });
    let state = transform.init(many);
    const at = Object.fromEntries(names.map((name) => [name, [] as number[]]));
    for (let step = 0; step < 40; step++) {
      const before = state;
      const grads = Object.fromEntries(names.map((name) => [name, turned(0.2, step).w as Tensor]));
      state = transform.update(grads, state, many)[1];
      for (const name of names) {
        if (state.leaves[name]?.refreshes !== before.leaves[name]?.refreshes) at[name]?.push(step);
      }
    }
    // The first gradient makes the first one. Counted from the phase p, multiples of 4·1, 4·2, 4·4, 4·8 are due.
    expect(at).toEqual({ a: [0, 4, 8, 16, 32], b: [0, 1, 9, 17, 33], c: [0, 2, 10, 18, 34], d: [0, 3, 11, 19, 35] });
  });

  it('reach a whole method', () => {
    const transform = galore({ learningRate: 0.1, rank: 1, refreshEvery: 4, stagger: true });
    let state = transform.init(many);
    const seen: (number | undefined)[][] = [];
    for (let step = 0; step < 5; step++) {
      const grads = Object.fromEntries(names.map((name) => [name, turned(step, step).w as Tensor]));
      state = transform.update(grads, state, many)[1];
      seen.push(names.map((name) => state[0].leaves[name]?.refreshes));
    }
    expect(seen).toEqual([
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 1, 1, 0],
      [0, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
  });
});
