import { describe, expect, it } from 'vitest';
import {
  type AdamState,
  type Combine,
  type CompressState,
  chain,
  compress,
  correctBias,
  eye,
  liftRecovered,
  linalg,
  type NormLimit,
  noLimit,
  projectors,
  random,
  type StoredProjection,
  scale,
  scaleByAdam,
  stateBytes,
  subtrack,
  type Tensor,
  zeros,
} from '../../../../src/index';
import {
  type Followed,
  followMatrix,
  givenProjector,
  type Matrix,
  matrix,
  recordedRuns,
} from '../../../methods/replay';
import { makeSubtrack } from '../../../methods/replays/subtrack';

const runs = recordedRuns('subtrack');
const named = (name: string) => runs.find((one) => one.name === name) ?? expect.fail(`no record ${name}`);
const norm = (x: Tensor): number => Math.hypot(...x.dataSync());
const largest = (x: Tensor): number => Math.max(...Array.from(x.dataSync(), Math.abs));
const normal = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
/** AᵀA, which no sign or turn of the basis changes. */
const spanned = (a: Tensor): Tensor => a.transpose().matmul(a);

const shape = [6, 9];
const context = { key: random.key(0), first: false, step: 4, turn: 1, inner: undefined, path: 'w' };

/** A projection of rank 3 that an older gradient was seen by, and its next one for this gradient. */
function turned(gradient: Tensor, options: Parameters<typeof projectors.geodesic>[0], older = normal(1, shape)) {
  const projector = projectors.geodesic(options);
  const sample = projector.sample(random.key(0), gradient.shape, 3);
  const refresh = projector.refresh ?? expect.fail('no refresh');
  const from = refresh(sample, older, { ...context, first: true, step: 0 });
  const to = refresh(from, gradient, context);
  const dropped = (p: StoredProjection) => norm(gradient.sub(projector.up(p, projector.down(p, gradient))));
  return { from, to, dropped };
}

describe('projectors.geodesic', () => {
  it.each([0.01, 0.3, 100])('keeps its rows orthonormal, for a step size of %d', (stepSize) => {
    const { matrix: A } = turned(normal(2, shape), { stepSize }).to;
    const off = A.matmul(A, { transposeB: true }).sub(eye(3));
    expect(largest(off)).toBeLessThan(1e-6);
  });

  it('drops less of the gradient after a small step', () => {
    for (const stepSize of [1e-3, 3e-3, 1e-2]) {
      const { from, to, dropped } = turned(normal(2, shape), { stepSize });
      expect(dropped(to)).toBeLessThan(dropped(from));
    }
  });

  it('turns by the singular value of the tangent, which is the slope of what it drops', () => {
    const stepSize = 1e-3;
    const { from, to, dropped } = turned(normal(2, shape), { stepSize });
    // Along the geodesic the loss ‖R‖² falls at σ per radian, and a step is η·σ radians. One plane turns, by this angle:
    const overlap = linalg.svd(to.matrix.matmul(from.matrix, { transposeB: true })).s.dataSync();
    const angle = Math.sqrt(2 * (1 - (overlap[2] as number))); // the least cosine
    expect(overlap[1]).toBeCloseTo(1, 6);
    expect((dropped(from) ** 2 - dropped(to) ** 2) / (angle ** 2 / stepSize)).toBeCloseTo(1, 1);
  });

  it('stays where it is for a step of 0, and for a gradient that it has whole', () => {
    const still = turned(normal(2, shape), { stepSize: 0 });
    expect(still.to.matrix.dataSync()).toEqual(still.from.matrix.dataSync());
    const { from } = turned(normal(2, shape), { stepSize: 0 });
    const inside = from.matrix.transpose().matmul(normal(5, [3, 9]));
    const whole = turned(inside, { stepSize: 1 });
    expect(largest(whole.to.matrix.sub(whole.from.matrix))).toBeLessThan(1e-6);
    const nothing = turned(zeros(shape), { stepSize: 1 });
    expect(nothing.to.matrix.dataSync()).toEqual(nothing.from.matrix.dataSync());
  });

  it('turns on the right as the transpose does on the left', () => {
    const options = { stepSize: 0.05 };
    const left = turned(normal(2, shape), options);
    const right = turned(normal(2, shape).transpose(), options, normal(1, shape).transpose());
    expect(largest(spanned(left.to.matrix).sub(spanned(left.from.matrix)))).toBeGreaterThan(0.1); // it does turn
    expect(largest(spanned(right.to.matrix).sub(spanned(left.to.matrix)))).toBeLessThan(1e-5);
  });

  it('takes smaller steps as time goes by, if told to', () => {
    const decreased = turned(normal(2, shape), { stepSize: 0.2, stepSizeSchedule: 'iterativeDecrease' });
    const constant = turned(normal(2, shape), { stepSize: 0.2 / context.step });
    expect(decreased.to.matrix.dataSync()).toEqual(constant.to.matrix.dataSync());
  });
});

/** The bases of a compressed weight after each step. */
const basesOf = ({ states }: Followed): Tensor[] =>
  (states as readonly [CompressState<StoredProjection, unknown>][])
    .slice(1)
    .map(([{ leaves }]) => leaves.w?.projection.matrix ?? expect.fail('nothing was compressed'));

describe('SubTrack', () => {
  const tracked = ['plain-wide', 'iterative-decrease-wide', 'wide20-rank5'];
  it.each(tracked)('%s: its own subspaces are the recorded ones, and lead to the same weights', (name) => {
    const one = named(name);
    const followed = followMatrix(one, makeSubtrack(one));
    for (const { step, P } of one.projections ?? []) {
      const recorded = matrix(P as Matrix).transpose();
      const off = spanned(basesOf(followed)[step] as Tensor).sub(spanned(recorded));
      expect(largest(off), `at step ${step}`).toBeLessThan(2e-5);
    }
    followed.differences.forEach((off, t) => {
      expect(off, `after step ${t + 1}`).toBeLessThan(followed.limits[t] as number);
    });
  });

  it('keeps the moments, the projection and a norm, and no norm where nothing limits', () => {
    const bytes = (options: Partial<Parameters<typeof subtrack>[0]>): number =>
      stateBytes(subtrack({ learningRate: 0.1, rank: 2, ...options }).init({ w: zeros([5, 8]) }));
    expect(bytes({})).toBe(4 * (2 * 2 * 8 + 2 * 5 + 1));
    expect(bytes({ growth: Infinity })).toBe(4 * (2 * 2 * 8 + 2 * 5));
    expect(bytes({ recoveryScaling: false })).toBe(4 * (2 * 2 * 8 + 2 * 5));
  });

  it('steps on the transpose as on the gradient', () => {
    const options = { learningRate: 0.1, rank: 2, refreshEvery: 2, stepSize: 0.05, scale: 0.5 };
    const run = (turn: (x: Tensor) => Tensor) => {
      const transform = subtrack(options);
      const params = { w: turn(normal(9, shape)) };
      let state = transform.init(params);
      return Array.from({ length: 6 }, (_, t) => {
        const [update, next] = transform.update({ w: turn(normal(t, shape)) }, state, params);
        state = next;
        return turn(update.w as Tensor);
      });
    };
    const [wide, tall] = [run((x) => x), run((x) => x.transpose())];
    wide.forEach((update, t) => {
      expect(norm(update.sub(tall[t] as Tensor)) / norm(update)).toBeLessThan(1e-4);
    });
  });
});

// The record of SubTrack++ has its moments turned at the end of the last step of an interval by S_tᵀ·S_0, without bias
// correction: the first time that is V ← (1 − β2)·V. With this rule in place of ours, the other parts give the record.
describe('plus-plus-growing', () => {
  const one = named('plus-plus-growing');
  const {
    rank,
    lr,
    norm_growth_limit: growth,
    subspace_update_interval: interval,
  } = one.options as Readonly<Record<string, number>> & typeof one.options;
  const bases = (one.projections ?? []).map(({ P }) => matrix(P as Matrix).transpose());

  const published = () => {
    const recovered = liftRecovered<AdamState>({ scale: one.options.scale as number, growth: growth as number });
    const step: Combine<AdamState, NormLimit | undefined> = (G, leaf, moves, path) => {
      const [update, next] = recovered(G, leaf, moves, path);
      const { step: t, mean, square } = next.inner;
      if (t % (interval as number) !== 0) return [update, next];
      const Q = (bases[next.refreshes] as Tensor).matmul(bases[0] as Tensor, { transposeB: true });
      const [M, V] = [mean[path] as Tensor, square[path] as Tensor];
      const turned = Q.matmul(M);
      const second = Q.square()
        .matmul(V.sub(M.square()))
        .add(turned.square())
        .abs()
        .mul(1 - 0.999);
      return [update, { ...next, inner: { step: t, mean: { [path]: turned }, square: { [path]: second } } }];
    };
    return chain(
      compress({
        projector: givenProjector(one)(6),
        rank,
        inner: scaleByAdam({ epsilon: 1e-6, biasCorrection: 'none' }),
        refreshEvery: interval as number,
        onRefresh: 'keep',
        combine: Object.assign(step, { init: () => noLimit() }),
      }),
      correctBias(),
      scale(-lr),
    );
  };

  const agreed = ({ differences, limits }: Followed): boolean[] =>
    differences.map((off, t) => off < (limits[t] as number));

  it('is ours up to the first turn of its moments', () => {
    expect(agreed(followMatrix(one, makeSubtrack(one))).slice(0, 4)).toEqual([true, true, true, false]);
  });

  it('is reached with its own rule for the moments, and the norms of its limiter too', () => {
    const followed = followMatrix(one, published());
    expect(agreed(followed)).toEqual(Array(8).fill(true));
    one.extra?.forEach(({ limiter_norm }, t) => {
      const [{ leaves }] = followed.states[t + 1] as NonNullable<(typeof followed.states)[number]>;
      expect((leaves.w?.own?.norm.dataSync()[0] as number) / (limiter_norm as number)).toBeCloseTo(1, 5);
    });
  });
});
