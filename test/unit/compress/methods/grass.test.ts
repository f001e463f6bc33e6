import { describe, expect, it } from 'vitest';
import {
  adam,
  applyUpdates,
  type GradientTransform,
  type GrassOptions,
  grass,
  random,
  type Tensor,
  tensor,
  zeros,
} from '../../../../src/index';

const wide = [6, 9] as const;
const sizes = [0.5, 3, 1, 4, 2, 0.1];
/** A gradient [6, 9] whose rows have these sizes, in another order in each step. */
const gradient = (step: number): Tensor =>
  random
    .rademacher(random.fold(random.key(1), step), wide)
    .mul(tensor(sizes.map((_, i) => [sizes[(i + step) % 6] as number])));

/** The updates of some steps, as rows. */
function steps(options: Partial<GrassOptions>, grads: readonly Tensor[]): number[][][] {
  const params = { w: zeros(grads[0]?.shape ?? []) };
  const transform = grass({ learningRate: 1, rank: 2, scale: 1, ...options });
  let state = transform.init(params);
  return grads.map((g) => {
    const [{ w }, next] = transform.update({ w: g }, state, params);
    state = next;
    return rows(w as Tensor);
  });
}

function rows(x: Tensor): number[][] {
  const [n, m] = x.shape as [number, number];
  return Array.from({ length: n }, (_, i) => Array.from(x.dataSync().subarray(i * m, (i + 1) * m)));
}

const moved = (update: number[][]): number[] => [...update.keys()].filter((i) => update[i]?.some((x) => x !== 0));

/** The weight after each of some steps, as rows. */
function weights<S>(transform: GradientTransform<S>, grads: readonly Tensor[]): number[][][] {
  const params = { w: random.normal(random.key(2), grads[0]?.shape ?? []) };
  let state = transform.init(params);
  return [
    rows(params.w),
    ...grads.map((g) => {
      const [updates, next] = transform.update({ w: g }, state, params);
      applyUpdates(params, updates);
      state = next;
      return rows(params.w);
    }),
  ];
}

const six = Array.from({ length: 6 }, (_, step) => gradient(step));

describe('grass', () => {
  it('selects the rows of the largest norms at each refresh, and keeps them until the next', () => {
    const chosen = steps({ refreshEvery: 3 }, six).map(moved);
    // Sizes 4 and 3 are in rows 3 and 1, and three steps later in rows 0 and 4.
    expect(chosen).toEqual([
      [1, 3],
      [1, 3],
      [1, 3],
      [0, 4],
      [0, 4],
      [0, 4],
    ]);
  });

  it('selects columns where they are the smaller side', () => {
    const tall = six.map((g) => g.transpose());
    const across = (list: number[][][]): number[][][] =>
      list.map((x) => (x[0] ?? []).map((_, j) => x.map((row) => row[j] as number)));
    expect(across(steps({ refreshEvery: 3 }, tall))).toEqual(steps({ refreshEvery: 3 }, six));
  });

  it.each(['top', 'norm', 'squaredNorm', 'uniform'] as const)(
    '%s: leaves the bits of all other rows between refreshes',
    (select) => {
      const [start, ...after] = weights(grass({ learningRate: 0.1, rank: 2, select, refreshEvery: Infinity }), six);
      const bits = (row: number[] | undefined): string =>
        Buffer.from(Float32Array.from(row ?? []).buffer).toString('hex');
      const changed = wide[0] - sizes.filter((_, i) => after.every((w) => bits(w[i]) === bits(start?.[i]))).length;
      expect(changed).toBeGreaterThanOrEqual(1);
      expect(changed).toBeLessThanOrEqual(2);
    },
  );

  it.each(['norm', 'squaredNorm'] as const)('%s: gives each draw the weight 1/√(r·q)', (select) => {
    // Adam's first step is a sign, so a row moves by 1/√(r·q) for each time that it was drawn.
    const power = select === 'norm' ? 1 : 2;
    const total = sizes.reduce((sum, size) => sum + size ** power, 0);
    let draws = 0;
    for (let seed = 0; seed < 5; seed++) {
      const [update] = steps({ select, seed, rank: 3 }, [gradient(0)]) as [number[][]];
      for (const i of moved(update)) {
        const weight = 1 / Math.sqrt((3 * (sizes[i] as number) ** power) / total);
        const times = Math.abs(update[i]?.[0] as number) / weight;
        expect(Math.abs(times - Math.round(times))).toBeLessThan(1e-3);
        draws += Math.round(times);
      }
    }
    expect(draws).toBe(15);
  });

  it('uniform: other rows for other seeds, as they are', () => {
    const chosen = [0, 1, 2, 3, 4, 5].map((seed) => {
      const [update] = steps({ select: 'uniform', seed }, [gradient(0)]) as [number[][]];
      for (const i of moved(update)) for (const x of update[i] ?? []) expect(Math.abs(x)).toBeCloseTo(1, 3); // ε/√(1 − β2) is 3e-5, on sizes of 0.1 and more
      expect(moved(update)).toHaveLength(2);
      return moved(update).join();
    });
    expect(new Set(chosen).size).toBeGreaterThan(1);
  });

  it('forgets its moments at a refresh, unless told otherwise', () => {
    const g = gradient(0);
    const turned = [g, g, g.neg()];
    const third = (reset: boolean): number[][] => steps({ reset, refreshEvery: 2 }, turned)[2] as number[][];
    for (const i of moved(third(true))) {
      for (const [j, x] of (third(true)[i] ?? []).entries()) {
        expect(x).toBeCloseTo(Math.sign(rows(g)[i]?.[j] as number), 4); // the first step against −g
        expect(Math.abs(third(false)[i]?.[j] as number)).toBeLessThan(0.5); // most of the mean is still of before
      }
    }
  });

  it('is Adam on all rows', () => {
    const all = grass({ learningRate: 0.1, rank: 6, scale: 1, epsilon: 0, refreshEvery: Infinity });
    const expected =
      weights(adam({ learningRate: 0.1, epsilon: 0 }), six)
        .at(-1)
        ?.flat() ?? [];
    const got = weights(all, six).at(-1)?.flat() ?? [];
    expect(Math.max(...got.map((x, i) => Math.abs(x - (expected[i] as number))))).toBeLessThan(2e-6);
  });

  it('scales what is compressed, and nothing else', () => {
    const update = (scale: number): number[] => steps({ scale }, [gradient(0)]).flat(2);
    for (const [i, x] of update(0.25).entries()) expect(4 * x).toBeCloseTo(update(1)[i] as number, 5);
  });
});
