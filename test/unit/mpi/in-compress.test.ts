import { describe, expect, it } from 'vitest';
import {
  adam,
  applyIfFinite,
  chain,
  compress,
  ema,
  type GradientTransform,
  liftUpdate,
  masked,
  partition,
  projectors,
  random,
  type Tensor,
  tensor,
} from '../../../src/index';
import { allReduce, powerSgd } from '../../../src/mpi';
import { twins } from './fakes';

const parts = () => ({
  projector: projectors.gaussian,
  rank: 2,
  inner: allReduce(twins(2)),
  refreshEvery: 2,
  onRefresh: 'keep' as const,
});

describe('compress around a mean over ranks', () => {
  it.each([
    ['a projector that looks at gradients', { projector: projectors.svd }, /compress\/pools.*svd/],
    ['a rank that is a rule', { rank: () => 2 }, /compress\/pools.*rule/],
    ['an interval that is a rule', { refreshEvery: () => 2 }, /compress\/pools.*rule/],
    [
      'a combine of its own',
      { combine: ((...given) => liftUpdate(...given)) as typeof liftUpdate },
      /compress\/pools.*combine/,
    ],
  ])('refuses %s', (_, changed, message) => {
    const make = () => compress({ ...parts(), ...(changed as object) });
    expect(make).toThrow(message);
    // Inside a chain as well; and without ranks all of them are fine.
    expect(() =>
      compress({ ...parts(), inner: chain(allReduce(twins(2)), ema({ decay: 0.9 })), ...(changed as object) }),
    ).toThrow(message);
    expect(() => compress({ ...parts(), inner: ema({ decay: 0.9 }), ...(changed as object) })).not.toThrow();
  });

  it('keeps the projection of a leaf until all shards of the step went down by it, and counts one step', async () => {
    const w = random.normal(random.key(1), [6, 5]);
    const grads = [2, 3, 4, 5].map((seed) => ({ w: random.normal(random.key(seed), [6, 5]) }));
    // One rank and four shards, a new projection in each step.
    const make = () => compress({ ...parts(), inner: allReduce(twins(1), { shards: 4 }), refreshEvery: 1 });
    const transform = make();
    let state = transform.init({ w });
    for (let step = 0; step < 2; step++) {
      const refreshes: unknown[] = [];
      for (const [i, gradient] of grads.entries()) {
        const [updates, next] = transform.update(gradient, state, { w });
        expect(Object.keys(updates)).toEqual(i < 3 ? [] : ['w']);
        refreshes.push(next.leaves.w?.refreshes);
        state = next;
        expect(state.step).toBe(i < 3 ? step : step + 1);
      }
      expect(refreshes).toEqual([step, step, step, step]);
    }
  });

  const params = () => ({
    w: random.normal(random.key(1), [6, 5]),
    v: random.normal(random.key(2), [4, 8]),
    b: tensor([1, 2, 3]),
    c: tensor([4]),
  });

  it('sends all leaves in one sum, compressed or not: 6·2 + 2·8 + 3 + 1', () => {
    const comm = twins(2);
    const transform = compress({ ...parts(), inner: chain(allReduce(comm), ema({ decay: 0.9 })) });
    const grads = params();
    let state = transform.init(grads);
    for (let step = 0; step < 3; step++) [, state] = transform.update(grads, state, grads);
    expect(comm.calls).toEqual(Array(3).fill(['gather 8', 'sum 32']).flat());
  });

  it('is, with one rank, what it is without: a momentum for each leaf, each under its own projection', async () => {
    const grads = [1, 2, 3, 4, 5].map((scale) => {
      const { w, v, b, c } = params();
      return { w: w.mul(scale), v: v.mul(scale - 2), b: b.mul(-scale), c };
    });
    const momentum = () => ({ ...parts(), onRefresh: 'transfer' as const, inner: ema({ decay: 0.9 }) });
    // The one draws as Algorithm 1, the other as Algorithm 2: by a projector of one key they draw the same.
    const { gaussian } = projectors;
    const projector: typeof gaussian = {
      ...gaussian,
      sample: (_, shape, rank, refreshes) =>
        gaussian.sample(random.fold(random.key(9), String(shape), refreshes ?? 0), shape, rank, refreshes),
    };
    const numbers = async (transform: ReturnType<typeof compress>) => {
      const found: unknown[] = [];
      let state = transform.init(params());
      let updates: Readonly<Record<string, Tensor>>;
      for (const one of grads) {
        [updates, state] = transform.update(one, state, params());
        found.push(await Promise.all(['w', 'v', 'b', 'c'].map((path) => updates[path]?.array())));
      }
      return found;
    };
    const pooled = compress({ ...momentum(), projector, inner: chain(allReduce(twins(1)), ema({ decay: 0.9 })) });
    expect(await numbers(pooled as ReturnType<typeof compress>)).toEqual(
      await numbers(compress({ ...momentum(), projector }) as ReturnType<typeof compress>),
    );
  });

  it('leaves dense parameters to a transform of their own, where there is one', async () => {
    const comm = twins(2);
    const transform = compress({
      ...parts(),
      inner: allReduce(comm),
      dense: chain(allReduce(comm), ema({ decay: 0 })),
    });
    const grads = params();
    const [updates] = transform.update(grads, transform.init(grads), grads);
    expect(comm.calls).toEqual(['gather 8', 'sum 28', 'gather 8', 'sum 4']);
    expect(await updates.b?.array()).toEqual([1, 2, 3]);
  });

  it('hands parameters to what may look at them: those that are not compressed', () => {
    const seen: string[][] = [];
    const pooling = allReduce(twins(1));
    const looking: typeof pooling = {
      ...pooling,
      pool(given, others) {
        seen.push(Object.keys(others));
        return pooling.pool?.(given, others) ?? [];
      },
    };
    const transform = compress({ ...parts(), inner: looking });
    transform.update(params(), transform.init(params()), params());
    expect(seen).toEqual([['b', 'c']]);
  });

  it('asks the other ranks where it has no gradient, and takes no step if they have none', () => {
    const comm = twins(2);
    const transform = chain(compress({ ...parts(), inner: allReduce(comm) }), adam({ learningRate: 0.1 }));
    const state = transform.init(params());
    const [updates, [{ step }]] = transform.update({}, state, params());
    expect([updates, step, comm.calls]).toEqual([{}, 0, ['gather 8']]);
  });

  it('is itself a mean of several gradients, around which nothing may look at one', () => {
    const inner = compress({ ...parts(), inner: allReduce(twins(2)) });
    expect(() => compress({ ...parts(), projector: projectors.svd, inner })).toThrow(/compress\/pools/);
    expect(() => compress({ ...parts(), projector: projectors.svd, inner: powerSgd(twins(2), { rank: 1 }) })).toThrow(
      /compress\/pools/,
    );
  });

  it('stays one inside masked and partition, which ask the other ranks where they have no gradient', () => {
    const comm = twins(2);
    const svd = (inner: GradientTransform<unknown>) => () => compress({ ...parts(), projector: projectors.svd, inner });
    const isMatrix = (_: string, { ndim }: Tensor) => ndim === 2;
    const mean = allReduce(comm);
    for (const around of [
      masked(mean, isMatrix),
      partition({ mean, rest: chain() }, (path, x) => (isMatrix(path, x) ? 'mean' : 'rest')),
    ]) {
      expect(svd(around as GradientTransform<unknown>)).toThrow(/compress\/pools/);
      comm.calls.length = 0;
      const grads = params();
      const state = (around as GradientTransform<unknown>).init(grads);
      const [updates] = (around as GradientTransform<unknown>).update({ b: grads.b }, state, grads);
      expect([Object.keys(updates), comm.calls]).toEqual([['b'], ['gather 8']]);
      comm.calls.length = 0;
      const inside = compress({ ...parts(), inner: around as GradientTransform<unknown> });
      const [both] = inside.update(grads, inside.init(grads), grads);
      expect(Object.keys(both).sort()).toEqual(['b', 'c', 'v', 'w']);
      expect(comm.calls.filter((call) => call.startsWith('sum'))).toEqual(['sum 12', 'sum 16']);
    }
  });

  it('is not for applyIfFinite, which would leave the other ranks waiting', () => {
    expect(() => applyIfFinite(chain(allReduce(twins(2)), ema({ decay: 0 })))).toThrow(
      /apply-if-finite\/pools.*chain\(allReduce\(2\).*Fix: take the mean first/,
    );
  });

  it('has PowerSGD inside, which takes each leaf by itself', () => {
    const comm = twins(2);
    const transform = compress({ ...parts(), inner: powerSgd(comm, { rank: 1 }) });
    const grads = { w: params().w, v: params().v, b: params().b };
    const [updates, { step }] = transform.update(grads, transform.init(grads), grads);
    expect([updates.w?.shape, updates.v?.shape, updates.b?.shape, step]).toEqual([[6, 5], [4, 8], [3], 1]);
    // Two rounds for each matrix, whose projection is [6, 2] or [2, 8], and one for the rest, up to multiples of two.
    expect(comm.calls.filter((call) => call.startsWith('sum'))).toEqual(['sum 6', 'sum 2', 'sum 2', 'sum 8', 'sum 4']);
  });
});
