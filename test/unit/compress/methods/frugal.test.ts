import { describe, expect, it } from 'vitest';
import {
  adamw,
  applyUpdates,
  explain,
  type FrugalOptions,
  frugal,
  type GradientTransform,
  galore,
  lion,
  projectors,
  random,
  type Tensor,
  zeros,
} from '../../../../src/index';
import { ownSubspaceOff } from '../../../methods/own-subspace';
import { type Recorded, recordedRuns } from '../../../methods/replay';

const shape = [6, 9];
const gradient = (step: number, of = shape): Tensor => random.normal(random.fold(random.key(1), step), of);
const values = (x: Tensor): number[] => Array.from(x.dataSync());
const inner = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, a, i) => sum + a * (y[i] as number), 0);

/** What one step from zero adds to a weight of zeros. */
function firstStep(options: Partial<FrugalOptions>, g = gradient(0)): number[] {
  const params = { w: zeros(g.shape) };
  const transform = frugal({ learningRate: 1, weightDecay: 0, ...options });
  const [{ w }] = transform.update({ w: g }, transform.init(params), params);
  return values(w as Tensor);
}

/** The weight after some steps. */
function trained<S>(transform: GradientTransform<S>, steps = 5): number[] {
  const params = { w: random.normal(random.key(2), shape) };
  let state = transform.init(params);
  for (let step = 0; step < steps; step++) {
    const [updates, next] = transform.update({ w: gradient(step) }, state, params);
    applyUpdates(params, updates);
    state = next;
  }
  return values(params.w);
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 2e-6): void {
  expect(Math.max(...actual.map((x, i) => Math.abs(x - (expected[i] as number))))).toBeLessThan(tolerance);
}

const kinds = ['svd', 'random', 'randperm', 'columns', 'rows', 'entries'] as const;

describe('frugal', () => {
  it.each(kinds)('%s: splits a gradient into two orthogonal parts, and Adam’s step stays in one of them', (kind) => {
    const g = values(gradient(0));
    const [alone, both] = [firstStep({ kind, inactive: 'none' }), firstStep({ kind, inactive: 'identity' })];
    const rest = alone.map((x, i) => x - (both[i] as number));
    const projected = g.map((x, i) => x - (rest[i] as number));
    expect(inner(rest, rest)).toBeGreaterThan(0.1 * inner(g, g));
    expect(inner(projected, projected)).toBeGreaterThan(0.01 * inner(g, g));
    expect(Math.abs(inner(rest, projected))).toBeLessThan(1e-5 * inner(g, g));
    expect(Math.abs(inner(rest, alone))).toBeLessThan(1e-5 * inner(g, g));
  });

  it.each(['randperm', 'columns', 'rows', 'entries'] as const)('%s: with density 1 it is AdamW', (kind) => {
    const all = frugal({ learningRate: 0.1, kind, density: 1, refreshEvery: Infinity });
    expectClose(trained(all), trained(adamw({ learningRate: 0.1, weightDecay: 0.01 })));
  });

  it('svd, random: with density 1 there is no rest, and no sign of rounding errors', () => {
    for (const kind of ['svd', 'random'] as const)
      expect(firstStep({ kind, density: 1 })).toEqual(firstStep({ kind, density: 1, inactive: 'none' }));
  });

  it('is signSGD where nothing is projected', () => {
    const nothing = projectors.explicit([zeros([1, 6])]);
    const transform = frugal({ learningRate: 0.1, rank: 1, projector: nothing, refreshEvery: Infinity });
    expectClose(trained(transform), trained(lion({ learningRate: 0.1, beta1: 0, weightDecay: 0.01 })));
  });

  it('is GaLore without the rest and the reset', () => {
    // Their two forms of the bias correction differ in ε alone.
    const same = { learningRate: 0.1, rank: 2, refreshEvery: 2, epsilon: 0, weightDecay: 0 };
    const expected = trained(galore({ ...same, scale: 1 }));
    expectClose(trained(frugal({ ...same, inactive: 'none', reset: false })), expected);
    expect(trained(frugal({ ...same, inactive: 'none' }))).not.toEqual(expected);
  });

  it('moves what a selection leaves out by its sign, and the selected not at all by it', () => {
    const signs = (of: readonly number[]): number => of.filter((x) => Math.abs(x) === 0.5).length;
    const options = { density: 1 / 3, inactiveScale: 0.5 };
    expect(signs(firstStep({ ...options, kind: 'entries' }))).toBe(36);
    expect(signs(firstStep({ ...options, kind: 'columns' }))).toBe(6 * 6);
    expect(signs(firstStep({ ...options, kind: 'rows' }))).toBe(4 * 9);
    // Adam's first step is the sign too, up to ε, so the whole is told from Adam's by its half length.
    const step = firstStep({ ...options, kind: 'entries' });
    for (const [i, g] of values(gradient(0)).entries()) expect(Math.sign(step[i] as number)).toBe(-Math.sign(g));
  });

  it('scales both parts of matrices, and no other parameter', () => {
    const params = { w: zeros(shape), bias: zeros([4]) };
    const grads = { w: gradient(0), bias: gradient(1, [4]) };
    const step = (projectedScale: number) => {
      const transform = frugal({ learningRate: 1, weightDecay: 0, projectedScale });
      const [{ w, bias }] = transform.update(grads, transform.init(params), params);
      return [values(w as Tensor), values(bias as Tensor)] as const;
    };
    const [whole, half] = [step(1), step(0.5)];
    expectClose(
      half[0].map((x) => 2 * x),
      whole[0],
    );
    expect(half[1]).toEqual(whole[1]);
  });

  it.each([
    ['svd', [10, 12], 2], // 2.5 goes to the even number
    ['svd', [6, 12], 2], // 1.5 too
    ['randperm', [12, 10], 2],
    ['columns', [12, 6], 1], // 1.5 goes down
    ['columns', [6, 12], 3], // the second axis, whatever the shape
    ['rows', [12, 6], 3],
  ] as const)('%s of %j: %d rows are a quarter', (kind, of, rank) => {
    const state = frugal({ learningRate: 1, kind }).init({ w: zeros(of) });
    expect(state[0].leaves.w?.projection.rank).toBe(rank);
  });

  it('selects single entries without a rank of its own', () => {
    const [treated] = explain(frugal({ learningRate: 1, kind: 'entries' }), { w: zeros(shape) });
    expect(treated).toMatchObject({ compressed: true, side: 'both', reason: 'entries', bytes: 2 * 13 * 4 });
  });

  it('leaves to AdamW what the density is no row of', () => {
    const params = { w: zeros([8, 8]), small: zeros([1, 30]) };
    const [w, small] = explain(frugal({ learningRate: 1 }), params);
    expect([w?.compressed, small?.reason]).toEqual([true, 'dense: the density 0.25 of it is nothing']);
    expect(() => frugal({ learningRate: 1, density: 0 }).init(params)).toThrow(/compress\/nothing/);
  });

  it.each([
    { rank: 2, density: 0.5 },
    { kind: 'entries', rank: 2 },
    { kind: 'columns', side: 'left' },
    { kind: 'rows', side: 'std' },
  ] as const)('refuses %j', (options) => {
    expect(() => frugal({ learningRate: 1, ...options })).toThrow(/frugal\/options/);
  });

  it.each(['svd-wide', 'svd-tall'])('spans the subspaces of %s by its own decomposition', (name) => {
    const one = recordedRuns('frugal').find((run) => run.name === name) as Recorded;
    expect(ownSubspaceOff(one)).toBeLessThan(2e-5); // the program decomposes in float32 too
  });
});
