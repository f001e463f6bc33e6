import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  addDecayedWeights,
  applyUpdates,
  chain,
  type GradientTransform,
  projectors,
  random,
  scale,
  stateBytes,
  type Tensor,
  tensor,
} from '../../../../src/index';
import { checkLike } from '../../../../src/io/checkpoint-like';
import { apollo } from './apollo';
import { ldAdam } from './ldadam';

// Two methods that stretch the contract of compress, one file each, written with public names: a step that needs the
// compressed gradient and a limiter that survives refreshes, and moments that turn with the basis and an error buffer.
// Each follows the numbers that its authors' program gives.

interface Matrix {
  readonly shape: number[];
  readonly data: number[];
}
interface Case {
  readonly method: string;
  readonly name: string;
  readonly options: { readonly lr: number; readonly rank: number; readonly [name: string]: unknown };
  readonly init: Matrix;
  readonly grads: readonly Matrix[];
  readonly weights: readonly Matrix[];
  readonly projections?: readonly { readonly step: number; readonly P: Matrix }[];
  readonly extra?: readonly { readonly limiter_norm?: number; readonly error_norm?: number }[];
}
const { cases } = JSON.parse(readFileSync('test/golden/methods.json', 'utf8')) as { cases: readonly Case[] };
const recorded = (method: string, name: string): Case => {
  const found = cases.find((one) => one.method === method && one.name === name);
  if (!found) throw new Error(`no record of ${method}, ${name}`);
  return found;
};
const matrix = ({ shape, data }: Matrix): Tensor => tensor(data, { shape });
const norm = (x: Tensor | undefined): number => Math.hypot(...(x?.dataSync() ?? []));

/** The recorded projections as A [r, d] on either side; `factor` scales what the program does not. */
const given = ({ projections = [], options }: Case, factor = 1) =>
  projectors.explicit(
    projections.map(({ P }) => {
      const a = matrix(P);
      return (P.shape[0] === options.rank ? a : a.transpose()).mul(factor);
    }),
  );

/**
 * Largest difference that float32 may make after step t, counted from 1: the weight is rounded in each step and at the
 * start, and an update is a chain of fewer than 64 roundings, sums of at most 12 products and their roots among them.
 */
const unit = 2 ** -24;
function bounds({ init, weights }: Case): number[] {
  const size = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
  let [before, moved] = [init.data, 0];
  return weights.map(({ data }, t) => {
    moved += size(data.map((x, i) => x - (before[i] as number)));
    before = data;
    return unit * ((t + 2) * size(data) + 64 * moved);
  });
}

/** Run a method on the recorded gradients, hold its weights to the recorded ones, and return its states. */
function follow<S>(one: Case, method: GradientTransform<S>, decay = 0): S[] {
  const transform = chain(method, addDecayedWeights(decay), scale(-one.options.lr));
  const params = { w: matrix(one.init) };
  const first = transform.init(params);
  const limits = bounds(one);
  let state = first;
  const states = one.grads.map((g, t) => {
    const [updates, next] = transform.update({ w: matrix(g) }, state, params);
    applyUpdates(params, updates);
    state = next;
    const expected = one.weights[t]?.data ?? [];
    const off = Math.max(...Array.from(params.w.dataSync(), (x, i) => Math.abs(x - (expected[i] as number))));
    expect(off, `after step ${t + 1}`).toBeLessThan(limits[t] as number);
    return next[0];
  });
  // The state has one structure from the start, so that a checkpoint can be compared with a fresh one, and one size.
  checkLike({}, state, { state: first });
  expect(stateBytes(state)).toBe(stateBytes(first));
  return [first[0], ...states];
}

describe('APOLLO', () => {
  const names = ['channel-wide', 'channel-square', 'channel-growing-limiter', 'mini-growing'];
  it.each(names)('%s: the weights of its authors, and the norm that its limiter keeps across refreshes', (name) => {
    const one = recorded('APOLLO', name);
    const {
      rank,
      scale: alpha,
      scale_type: factors,
    } = one.options as Case['options'] & {
      readonly scale: number;
      readonly scale_type: 'channel' | 'tensor';
    };
    const method = apollo({ projector: given(one), rank, refreshEvery: 3, factors, scale: alpha });
    const states = follow(one, method);
    expect(states.at(-1)?.leaves.w?.refreshes).toBe(2);
    one.extra?.forEach((extra, t) => {
      const kept = states[t + 1]?.leaves.w?.own.norm.dataSync()[0] as number;
      expect(kept / (extra.limiter_norm as number)).toBeCloseTo(1, 5);
    });
    const [n, m] = one.init.shape as [number, number];
    expect(stateBytes(states[0])).toBe(4 * (2 * rank * Math.max(n, m) + 1));
  });
});

describe('LDAdam', () => {
  const rows = [
    ['power-wide', { rank: 3 }, 0],
    ['decay-betas-rho', { rank: 2, beta1: 0.9, beta2: 0.95, rho: 0.8 }, 0.1],
  ] as const;
  it.each(rows)('%s: the weights of its authors, and the size of its error', (name, options, decay) => {
    const one = recorded('LDAdam', name);
    const states = follow(one, ldAdam(options), decay);
    one.extra?.forEach((extra, t) => {
      expect(norm(states[t + 1]?.leaves.w?.own.error) / (extra.error_norm as number)).toBeCloseTo(1, 5);
    });
    const [n, m] = one.init.shape as [number, number];
    const [large, small] = [Math.max(n, m), Math.min(n, m)];
    expect(stateBytes(states[0])).toBe(4 * (options.rank * (2 * large + small) + n * m));
  });

  it('loses nothing: what a step drops is in the error, to the sum of momentum and gradient', () => {
    const beta1 = 0.908; // its default
    const transform = ldAdam({ rank: 2 });
    const params = { w: random.normal(random.key(0), [5, 9]) };
    let state = transform.init(params);
    for (let t = 0; t < 6; t++) {
      const g = random.normal(random.key(t + 1), [5, 9]);
      const old = state.leaves.w as NonNullable<typeof state.leaves.w>;
      state = transform.update({ w: g }, state, params)[1];
      const now = state.leaves.w as typeof old;
      const momentum = (leaf: typeof old) => projectors.svd.up(leaf.projection, leaf.inner.mean.w as Tensor);
      const before = momentum(old)
        .mul(beta1)
        .add(g.add(old.own.error).mul(1 - beta1));
      const after = momentum(now).add(now.own.error.mul(1 - beta1));
      expect(norm(before.sub(after)) / norm(before)).toBeLessThan(64 * unit);
    }
  });
});
