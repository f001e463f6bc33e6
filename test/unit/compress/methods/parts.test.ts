import { describe, expect, it } from 'vitest';
import {
  adam,
  apollo,
  chain,
  compress,
  correctBias,
  decayAfterStep,
  explain,
  galore,
  identity,
  liftScaled,
  limitNormGrowth,
  onSide,
  type Params,
  projectors,
  random,
  rankAxis,
  scale,
  scaleByAdam,
  scaleByChannels,
  schedules,
  type Tensor,
  tensor,
} from '../../../../src/index';

// What the methods share, each against a formula of its own in float64.

const at = (seed: number, shape: number[] = [6, 4]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);
const near = (list: readonly number[], digits = 5) => list.map((x) => expect.closeTo(x, digits));
const norm = (t: Tensor | undefined): number => Math.hypot(...numbers(t));

describe('the bias correction of Adam', () => {
  it('of the step is M/(√V + ε) times √(1 − β2^t)/(1 − β1^t), in scaleByAdam and in correctBias', () => {
    const moments = { beta1: 0.8, beta2: 0.9, epsilon: 0.5 };
    const params = { w: tensor([0]) };
    const inStep = scaleByAdam({ ...moments, biasCorrection: 'step' });
    const after = chain(scaleByAdam({ ...moments, biasCorrection: 'none' }), correctBias({ beta1: 0.8, beta2: 0.9 }));
    let [a, b] = [inStep.init(params), after.init(params)];
    let [m, v] = [0, 0];
    for (const [i, g] of [0.3, -1, 2].entries()) {
      const t = i + 1;
      m = 0.8 * m + 0.2 * g;
      v = 0.9 * v + 0.1 * g * g;
      const expected = ((m / (Math.sqrt(v) + 0.5)) * Math.sqrt(1 - 0.9 ** t)) / (1 - 0.8 ** t);
      const [one, nextA] = inStep.update({ w: tensor([g]) }, a, params);
      const [two, nextB] = after.update({ w: tensor([g]) }, b, params);
      [a, b] = [nextA, nextB];
      expect([numbers(one.w)[0], numbers(two.w)[0]]).toEqual(near([expected, expected]));
    }
  });
});

describe('decayAfterStep', () => {
  it('decays the weight that the step has come to, by the learning rate of that step', () => {
    const transform = decayAfterStep(0.5, schedules.linear({ from: 0.2, to: 0.1, steps: 1 }));
    const params = { w: tensor([2]) };
    const [first, state] = transform.update({ w: tensor([-1]) }, transform.init(params), params);
    expect(2 + (numbers(first.w)[0] as number)).toBeCloseTo((1 - 0.5 * 0.2) * (2 - 1), 6);
    const [second] = transform.update({ w: tensor([-1]) }, state, params);
    expect(2 + (numbers(second.w)[0] as number)).toBeCloseTo((1 - 0.5 * 0.1) * (2 - 1), 6);
  });
});

describe('limitNormGrowth', () => {
  /** Norms of updates whose gradients have these norms. */
  const norms = (given: readonly number[]): number[] => {
    const transform = limitNormGrowth(1.01);
    const params = { w: at(0) };
    const direction = at(1);
    let state = transform.init(params);
    return given.map((size) => {
      const [updates, next] = transform.update({ w: direction.mul(size / norm(direction)) }, state, params);
      state = next;
      return norm(updates.w);
    });
  };

  it('lets norms fall at once and grow by one percent at most; the first is as it comes', () => {
    expect(norms([5, 1, 3, 3, 0.5])).toEqual(near([5, 1, 1.01, 1.01 ** 2, 0.5]));
  });

  it('starts again after an update of zeros', () => {
    expect(norms([5, 0, 3, 9])).toEqual(near([5, 0, 3, 3.03]));
  });
});

describe('scaleByChannels', () => {
  it('makes each channel as much longer as the inner transform made it, whatever the scale of G', () => {
    const [G, N, C] = [
      at(1, [2, 3]),
      tensor([
        [3, 4],
        [0, 1],
      ]),
      tensor([
        [1, 0],
        [2, 0],
      ]),
    ]; // [n, r]
    const scaled = scaleByChannels(G, N, C, 1);
    expect(numbers(scaled.div(G))).toEqual(near([5, 5, 5, 0.5, 0.5, 0.5]));
    expect(numbers(scaleByChannels(G, N, C).div(G))[0]).toBeCloseTo(Math.sqrt(26 / 5), 5);
    expect(numbers(scaleByChannels(G.mul(8), N, C.mul(8), 1))).toEqual(near(numbers(scaled)));
  });
});

describe('onSide', () => {
  it.each([
    ['std', [6, 4], 'right', 4],
    ['std', [4, 6], 'left', 4],
    ['reverse', [6, 4], 'left', 6],
    ['reverse', [4, 6], 'right', 6],
    ['reverse', [4, 4], 'left', 4],
    ['left', [6, 4], 'left', 6],
    ['right', [4, 6], 'right', 6],
  ] as const)('%s of %j compresses the %s side', (side, shape, expected, d) => {
    const projector = onSide(projectors.svd, side);
    const projection = projector.sample(random.key(0), shape, 2);
    expect(projector.side(shape)).toBe(expected);
    expect(projection.side).toBe(expected);
    expect(projection.matrix.shape).toEqual([2, d]);
    expect(projector.storedFloats(shape, 2)).toBe(2 * d);
    expect(projector.down(projection, at(0, [...shape])).shape[rankAxis(projection)]).toBe(2);
  });
});

describe('onSide of a projector that compresses both', () => {
  it.each(['reverse', 'left'] as const)('is refused for %s', (side) => {
    expect(() => onSide(projectors.twoSidedAverage, side)).toThrow(/projector\/both-sides.*onSide got the projector/);
    expect(onSide(projectors.twoSidedAverage, 'std')).toBe(projectors.twoSidedAverage);
  });
});

describe('compress', () => {
  it('gives the parameters that are not compressed what `dense` says', () => {
    const shared = { projector: projectors.gaussian, rank: 2, refreshEvery: 5, onRefresh: 'keep', seed: 1 } as const;
    const transform = compress({ ...shared, inner: identity, dense: scale(3) });
    const params = { w: at(0), b: at(1, [4]) };
    const grads = { w: at(2), b: at(3, [4]) };
    const [updates] = transform.update(grads, transform.init(params), params);
    expect(numbers(updates.b)).toEqual(near(numbers(grads.b.mul(3))));
    const [alone] = compress({ ...shared, inner: identity }).update(grads, transform.init(params) as never, params);
    expect(numbers(updates.w)).toEqual(numbers(alone.w));
    expect(numbers(alone.b)).toEqual(numbers(grads.b));
  });

  it('takes smaller compressed steps with liftScaled, and no others', () => {
    const shared = {
      projector: projectors.gaussian,
      rank: 2,
      inner: identity,
      refreshEvery: 5,
      onRefresh: 'keep',
    } as const;
    const params: Params = { w: at(0), b: at(1, [4]) };
    const grads = { w: at(2), b: at(3, [4]) };
    const [whole, part] = [compress(shared), compress({ ...shared, combine: liftScaled(0.25) })].map(
      (transform) => transform.update(grads, transform.init(params), params)[0],
    );
    expect(numbers(part?.w)).toEqual(near(numbers(whole?.w?.mul(0.25))));
    expect(numbers(part?.b)).toEqual(numbers(whole?.b));
  });
});

describe('GaLore', () => {
  it('moves a weight by r of its directions between refreshes, and what it leaves dense by Adam', () => {
    const params: Params = { w: at(0), b: at(1, [4]) };
    const method = galore({ learningRate: 0.1, rank: 1, refreshEvery: 9, epsilon: 1e-8 });
    const dense = adam({ learningRate: 0.1 });
    let [state, denseState] = [method.init(params), dense.init({ b: params.b as Tensor })];
    for (let t = 0; t < 3; t++) {
      const grads = { w: at(10 + t), b: at(20 + t, [4]) };
      const [updates, next] = method.update(grads, state, params);
      const [expected, denseNext] = dense.update({ b: grads.b }, denseState, {});
      [state, denseState] = [next, denseNext];
      expect(numbers(updates.b)).toEqual(near(numbers(expected.b), 6));
      const rows = Array.from({ length: 6 }, (_, i) => numbers(updates.w).slice(4 * i, 4 * i + 4));
      const [p, q] = [rows[0] as number[], rows[1] as number[]];
      for (let j = 1; j < 4; j++) {
        const minor = (p[0] as number) * (q[j] as number) - (p[j] as number) * (q[0] as number);
        expect(Math.abs(minor)).toBeLessThan(1e-7); // of rank 1
      }
    }
    expect(explain(method, params).map(({ compressed, reason }) => [compressed, reason])).toEqual([
      [true, 'svd'],
      [false, 'dense: not a matrix'],
    ]);
  });
});

describe('APOLLO', () => {
  it('scales channels of the gradient and nothing else: with P = 1 as Adam would on the whole channel', () => {
    const identityRows = projectors.explicit([
      tensor([
        [1, 0],
        [0, 1],
      ]),
    ]);
    const params = { w: at(0, [3, 2]) };
    const method = apollo({ learningRate: 1, rank: 2, projector: identityRows, epsilon: 1e-12 });
    const g = at(1, [3, 2]);
    const [{ w }] = method.update({ w: g }, method.init(params), params);
    // After one step Adam's update is the sign of the gradient: φ_j = √2/‖g_j‖.
    const rows = numbers(g);
    const expected = rows.map((x, i) => {
      const row = rows.slice(i - (i % 2), i - (i % 2) + 2);
      return (-x * Math.SQRT2) / Math.hypot(...row);
    });
    expect(numbers(w)).toEqual(near(expected, 4));
  });
});
