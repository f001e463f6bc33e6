import { describe, expect, it } from 'vitest';
import {
  type AdamState,
  compress,
  liftUpdate,
  projectors,
  random,
  rotateMoments,
  scaleByAdam,
  type Tensor,
  tensor,
} from '../../../src/index';

const [beta1, beta2, step] = [0.9, 0.99, 3];
const [b1, b2] = [1 - beta1 ** step, 1 - beta2 ** step];

/** Moments of one matrix under a basis, carried to another one. */
function carried(bases: readonly Tensor[], shape: readonly number[], mean: Tensor, square: Tensor): AdamState {
  const projector = projectors.explicit(bases);
  const [from, to] = bases.map((a, i) => projector.sample(random.key(0), shape, a.shape[0] as number, i));
  const state = { step, mean: { w: mean }, square: { w: square } };
  return rotateMoments(projector, { beta1, beta2 })(state, from as never, to as never);
}

/** Largest difference of two lists of numbers. */
const apart = (x: Tensor | undefined, y: ArrayLike<number>): number =>
  Math.max(...Array.from(x?.dataSync() ?? [NaN], (value, i) => Math.abs(value - (y[i] as number))));

describe('rotateMoments', () => {
  // Q = A_new·A_oldᵀ for these two bases, by hand: a turn by 60° in the plane of the first two coordinates.
  const [c, s] = [Math.cos(Math.PI / 3), Math.sin(Math.PI / 3)];
  const old = tensor([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  const turned = tensor([
    [c, s, 0],
    [-s, c, 0],
  ]);
  const Q = [
    [c, s],
    [-s, c],
  ];

  it('gives the second moment of turned coordinates that do not vary together, counted out over all their values', () => {
    const [means, deviations] = [
      [0.3, -0.8],
      [1.1, 0.4],
    ] as const;
    const state = carried(
      [old, turned],
      [3, 5],
      tensor(means.map((x) => Array(5).fill(b1 * x))),
      tensor(means.map((x, i) => Array(5).fill(b2 * (x ** 2 + (deviations[i] as number) ** 2)))),
    );
    const values = [-1, 1].flatMap((e) =>
      [-1, 1].map((f) => [means[0] + e * deviations[0], means[1] + f * deviations[1]]),
    );
    const moment = (power: number) =>
      Q.map(
        (row) =>
          values.reduce(
            (sum, x) => sum + ((row[0] as number) * (x[0] as number) + (row[1] as number) * (x[1] as number)) ** power,
            0,
          ) / 4,
      );
    expect(
      apart(
        state.mean.w,
        moment(1).flatMap((x) => Array(5).fill(b1 * x)),
      ),
    ).toBeLessThan(1e-6);
    expect(
      apart(
        state.square.w,
        moment(2).flatMap((x) => Array(5).fill(b2 * x)),
      ),
    ).toBeLessThan(1e-6);
    expect(state.step).toBe(step);
  });

  it('turns moments on the right as their transposes on the left', () => {
    const [mean, square] = [random.normal(random.key(1), [2, 5]), random.normal(random.key(2), [2, 5]).square()];
    const left = carried([old, turned], [3, 5], mean, square);
    const right = carried([old, turned], [5, 3], mean.transpose(), square.transpose());
    expect(apart(right.mean.w?.transpose(), left.mean.w?.dataSync() ?? [])).toBeLessThan(1e-6);
    expect(apart(right.square.w?.transpose(), left.square.w?.dataSync() ?? [])).toBeLessThan(1e-6);
  });

  it('leaves the second moment alone where the basis stays or turns its sign', () => {
    const [mean, square] = [
      random.normal(random.key(3), [2, 5]).mul(0.1),
      tensor(Array(10).fill(0.2), { shape: [2, 5] }),
    ];
    const flipped = carried([old, old.mul(-1)], [3, 5], mean, square);
    expect(apart(flipped.mean.w, mean.mul(-1).dataSync())).toBe(0);
    expect(apart(flipped.square.w, square.dataSync())).toBeLessThan(1e-7);
  });

  it('refuses a projector of both sides', () => {
    const projector = projectors.twoSidedAverage;
    const onRefresh = rotateMoments(projector);
    const transform = compress({
      projector,
      rank: 2,
      inner: scaleByAdam(),
      refreshEvery: 1,
      onRefresh,
      combine: liftUpdate,
    });
    const params = { w: random.normal(random.key(0), [4, 4]) };
    const [, state] = transform.update(params, transform.init(params), params);
    expect(() => transform.update(params, state, params)).toThrow(
      expect.objectContaining({ code: 'projector/both-sides' }),
    );
  });
});
