import { describe, expect, it } from 'vitest';
import { type Params, projectConflicts, random, tensor, zeros } from '../../../src/index';

type Vector = readonly number[];
const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const params = (x: Vector): Params => ({ w: tensor([...x.slice(0, 2)]), b: tensor([x.slice(2)]) });
const numbers = ({ w, b }: Params): number[] => [...(w?.dataSync() ?? []), ...(b?.dataSync() ?? [])];
const merged = (tasks: readonly Vector[], seed = 0): number[] => numbers(projectConflicts(tasks.map(params), { seed }));
const drawn = (seed: number): number[] => [...random.normal(random.key(seed), [5]).dataSync()];
const mean = (tasks: readonly Vector[]): number[] =>
  (tasks[0] as Vector).map((_, i) => tasks.reduce((sum, g) => sum + (g[i] as number), 0) / tasks.length);

function expectClose(actual: Vector, expected: Vector): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i] as number, 5);
  });
}

/** PCGrad with the others of each task in the given order. */
function byHand(tasks: readonly Vector[], orders: readonly (readonly number[])[]): number[] {
  const projected = tasks.map((own, a) =>
    (orders[a] as readonly number[]).reduce((g, b) => {
      const other = tasks[b] as Vector;
      const along = dot(g, other);
      return along < 0 ? g.map((x, i) => x - (along / dot(other, other)) * (other[i] as number)) : g;
    }, own as number[]),
  );
  return mean(projected);
}

describe('projectConflicts', () => {
  it('of two tasks works against neither, and is what the formula says, in either order', () => {
    let conflicts = 0;
    for (let seed = 0; seed < 20; seed++) {
      const [a, b] = [drawn(seed), drawn(seed + 100)];
      if (dot(a, b) < 0) conflicts++;
      const out = merged([a, b]);
      expectClose(out, byHand([a, b], [[1], [0]]));
      expect(dot(out, a)).toBeGreaterThan(-1e-5);
      expect(dot(out, b)).toBeGreaterThan(-1e-5);
      expectClose(merged([b, a]), out);
    }
    expect(conflicts).toBeGreaterThan(4);
  });

  it('without conflicts is the mean, whatever the order', () => {
    const tasks = [1, 2, 3].map((seed) => drawn(seed).map(Math.abs));
    expectClose(merged(tasks), mean(tasks));
    expectClose(merged(tasks, 9), mean(tasks));
    expect(merged([[1, 2, 3]])).toEqual([1, 2, 3]);
  });

  it('of a scaled problem is scaled: by a power of two, bit for bit', () => {
    const tasks = [4, 5, 6].map(drawn);
    expect(merged(tasks.map((g) => g.map((x) => 4 * x)))).toEqual(merged(tasks).map((x) => 4 * x));
  });

  it('of more tasks takes each one’s others in an order of its own, from the seed', () => {
    const tasks = [7, 8, 9, 10].map((seed) => drawn(seed));
    const sorted = (a: number): number[][] => orders([0, 1, 2, 3].filter((b) => b !== a));
    const all = sorted(0).flatMap((x) =>
      sorted(1).flatMap((y) => sorted(2).flatMap((z) => sorted(3).map((w) => [x, y, z, w]))),
    );
    const possible = all.map((order) => byHand(tasks, order));
    const outcomes = [0, 1, 2, 3, 4, 5].map((seed) => merged(tasks, seed));
    for (const out of outcomes) {
      const nearest = Math.min(...possible.map((p) => Math.max(...p.map((x, i) => Math.abs(x - (out[i] as number))))));
      expect(nearest).toBeLessThan(1e-5);
    }
    expect(new Set(outcomes.map((out) => out.map((x) => x.toFixed(4)).join())).size).toBeGreaterThan(1);
    expect(merged(tasks, 3)).toEqual(outcomes[3]);
  });

  it('leaves a gradient of zeros out of account', () => {
    expect(
      merged([
        [2, -4, 6],
        [0, 0, 0],
      ]),
    ).toEqual([1, -2, 3]);
  });

  it('refuses gradients of other parameters', () => {
    expect(() => projectConflicts([])).toThrow(/options\/type.*at least one/);
    expect(() => projectConflicts([{}])).toThrow(/conflicts\/leaves.*without a leaf/);
    expect(() => projectConflicts([{ w: zeros([2]) }, { w: zeros([2]), b: zeros([1]) }])).toThrow(
      /conflicts\/leaves.*"b"/,
    );
    expect(() => projectConflicts([{ w: zeros([2]) }, { w: zeros([3]) }])).toThrow(/conflicts\/leaves.*\[3\]/);
  });
});

/** All orders of a few numbers. */
function orders(of: readonly number[]): number[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((x) => orders(of.filter((y) => y !== x)).map((rest) => [x, ...rest]));
}
