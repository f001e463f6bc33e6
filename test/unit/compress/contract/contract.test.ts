import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  applyUpdates,
  chain,
  type GradientTransform,
  projectors,
  scale,
  stateBytes,
  type Tensor,
  tensor,
} from '../../../../src/index';
import { checkLike } from '../../../../src/io/checkpoint-like';
import { checkProjector } from '../../../../src/study';
import { inUnits, vlorp } from './vlorp';

// A method that stretches the contract of compress, written with public names: another unit of projection. It follows the
// numbers that its authors' program gives.

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
}
const { cases } = JSON.parse(readFileSync('test/golden/methods.json', 'utf8')) as { cases: readonly Case[] };
const recorded = (method: string, name: string): Case => {
  const found = cases.find((one) => one.method === method && one.name === name);
  if (!found) throw new Error(`no record of ${method}, ${name}`);
  return found;
};
const matrix = ({ shape, data }: Matrix): Tensor => tensor(data, { shape });

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
function follow<S>(one: Case, method: GradientTransform<S>): S[] {
  const transform = chain(method, scale(-one.options.lr));
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

describe('VLoRP', () => {
  it.each(['c2-wide', 'c4-tall-rank1'])('%s: the weights of its authors', (name) => {
    const one = recorded('VLoRP', name);
    const { rank, factor: units } = one.options as Case['options'] & { readonly factor: number };
    // Its entries are N(0, 1), and up divides by r: in A = P/√r both share that.
    const method = vlorp({ projector: given(one, 1 / Math.sqrt(rank)), units, rank, refreshEvery: 3 });
    const states = follow(one, method);
    expect(states.at(-1)?.leaves.w?.refreshes).toBe(2);
    const [n, m] = one.init.shape as [number, number];
    expect(stateBytes(states[0])).toBe(4 * (Math.max(n, m) * units * rank + n + m));
  });

  it('projects by finer units as lawfully as by rows and columns', async () => {
    const units = inUnits(projectors.gaussian, 2);
    const report = await checkProjector(units, {
      cases: [
        { shape: [8, 16], rank: 2 },
        { shape: [15, 8], rank: 3 },
      ],
      effect: 0.3,
    });
    expect(report.verdicts.filter(({ passed }) => !passed)).toEqual([]);
  });
});
