import { describe, expect, it } from 'vitest';
import {
  chain,
  compress,
  errorFeedback,
  type GradientTransform,
  identity,
  linalg,
  type Params,
  powerSgd,
  projectors,
  random,
  stateBytes,
  type Tensor,
  tensor,
  transform,
} from '../../../src/index';

// What is dropped comes back: by sums over steps, whatever it is that drops.

const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);
const norm = (t: Tensor): number => Math.hypot(...numbers(t));
const relative = (a: Tensor, e: Tensor): number => norm(a.sub(e)) / norm(e);

/** Gradients through a transform: the sum of all updates, and the state after each step. */
function run<S>(optimizer: GradientTransform<S>, gradients: readonly Params[]) {
  const params = gradients[0] as Params;
  let state = optimizer.init(params);
  const states: S[] = [];
  const updates = gradients.map((grads) => {
    const [update, next] = optimizer.update(grads, state, params);
    state = next;
    states.push(next);
    return update.w as Tensor;
  });
  return { updates, states };
}

const sumOf = (list: readonly Tensor[]): Tensor => list.reduce((sum, x) => sum.add(x));

/** Keeps only the signs, in the mean size of the gradient. */
const signs = transform<readonly []>({
  name: 'signs',
  init: () => [],
  update: ({ w }, state) => [{ w: (w as Tensor).sign().mul((w as Tensor).abs().mean()) }, state],
});
const twoRows = compress({
  projector: projectors.topCoordinates,
  rank: 2,
  inner: identity,
  refreshEvery: 1,
  onRefresh: 'keep',
});

describe('errorFeedback', () => {
  const gradients = Array.from({ length: 12 }, (_, t) => ({ w: at(t, [6, 9]) }));

  it.each([
    ['signs', errorFeedback(signs)],
    ['the largest rows', errorFeedback<unknown>(twoRows)],
    ['rank 2', powerSgd({ rank: 2 })],
  ] as const)('%s: the updates and what is still owed add up to the gradients', (_, optimizer) => {
    const { updates, states } = run(optimizer as GradientTransform<{ errors: Params }>, gradients);
    const whole = sumOf(gradients.map(({ w }) => w));
    const owed = states.at(-1)?.errors.w as Tensor;
    expect(relative(sumOf(updates).add(owed), whole)).toBeLessThan(1e-5);
    // It does drop something: the updates alone are not the gradients.
    expect(relative(sumOf(updates), whole)).toBeGreaterThan(0.05);
  });

  it('owes nothing of a transform that drops nothing, and all where it returns no update', () => {
    const nothing = transform<readonly []>({ name: 'nothing', init: () => [], update: (_, state) => [{}, state] });
    expect(norm(run(errorFeedback(identity), gradients).states.at(-1)?.errors.w as Tensor)).toBe(0);
    const { states } = run(errorFeedback(nothing), gradients);
    expect(relative(states.at(-1)?.errors.w as Tensor, sumOf(gradients.map(({ w }) => w)))).toBeLessThan(1e-6);
  });
});

describe('powerSgd', () => {
  it('gives back a gradient of its rank from the first step on', () => {
    const g = at(1, [12, 3]).matmul(at(2, [3, 8]));
    const { updates, states } = run(powerSgd({ rank: 3 }), [{ w: g }, { w: g }]);
    for (const update of updates) expect(relative(update, g)).toBeLessThan(1e-5);
    expect(norm(states[1]?.errors.w as Tensor)).toBeLessThan(1e-4);
    // The other way of saying that a power iteration happened: rank 2 has not got all of it.
    expect(relative(run(powerSgd({ rank: 2 }), [{ w: g }]).updates[0] as Tensor, g)).toBeGreaterThan(0.05);
  });

  it('comes to the mean of constant gradients as 1/t, since what it owes stays bounded', () => {
    const g = at(3, [10, 8]);
    const steps = 64;
    const { updates, states } = run(
      powerSgd({ rank: 2 }),
      Array.from({ length: steps }, () => ({ w: g })),
    );
    const off = (t: number): number => relative(sumOf(updates.slice(0, t)).mul(1 / t), g);
    expect(off(16)).toBeLessThan(0.5 * off(4));
    expect(off(64)).toBeLessThan(0.5 * off(16));
    // 8 directions at 2 a step: about 8/2 gradients are on their way, or a few more.
    for (const { errors } of states) expect(norm(errors.w as Tensor)).toBeLessThan(8 * norm(g));
  });

  it('starts where it ended: what it misses of a matrix that stays falls to what the best rank misses', () => {
    // σ = 4, 3, 1, 0.9, …: without error feedback a step is one power iteration of the two first vectors.
    const [u, v] = [linalg.qr(at(4, [10, 6])).q, linalg.qr(at(5, [9, 6])).q];
    const values = [4, 3, 1, 0.9, 0.8, 0.7];
    const g = u.mul(tensor(values)).matmul(v, { transposeB: true });
    const optimizer = powerSgd({ rank: 2 });
    const params = { w: g };
    let state = optimizer.init(params);
    const missed = Array.from({ length: 6 }, () => {
      const [updates, next] = optimizer.update(params, state, params);
      state = { ...next, errors: { w: g.mul(0) } };
      return norm((updates.w as Tensor).sub(g));
    });
    const best = Math.hypot(...values.slice(2));
    for (const [t, miss] of missed.entries()) expect(miss).toBeLessThan((missed[t - 1] ?? Infinity) + 1e-5);
    expect(missed[0]).toBeGreaterThan(1.05 * best);
    expect(missed.at(-1)).toBeLessThan(1.001 * best);
  });

  it('keeps r·m + n·m floats of a matrix and nothing of what passes through, by seed and path', () => {
    const params = { w: at(6, [10, 8]), narrow: at(7, [10, 2]), bias: at(8, [8]) };
    const optimizer = powerSgd({ rank: 2 });
    expect(stateBytes(optimizer.init(params))).toBe(4 * (2 * 8 + 10 * 8));
    const [updates] = optimizer.update(params, optimizer.init(params), params);
    expect(numbers(updates.narrow)).toEqual(numbers(params.narrow));
    expect(numbers(updates.bias)).toEqual(numbers(params.bias));
    const basis = (seed: number, path: string): string =>
      numbers(powerSgd({ rank: 2, seed }).init({ [path]: params.w }).inner.bases[path]).join();
    expect(new Set([basis(0, 'a'), basis(0, 'b'), basis(1, 'a')]).size).toBe(3);
    expect(basis(1, 'a')).toBe(basis(1, 'a'));
    expect(chain(optimizer).leafwise).toBe(true);
  });

  it('has the rank of a narrow matrix that the filter lets through', () => {
    const g = at(9, [10, 2]);
    const { updates } = run(powerSgd({ rank: 4, filter: () => true }), [{ w: g }]);
    expect(relative(updates[0] as Tensor, g)).toBeLessThan(1e-5);
  });
});
