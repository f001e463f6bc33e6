import { describe, expect, it } from 'vitest';
import { chain, compress, ema, liftUpdate, projectors, random } from '../../../src/index';
import { allReduce } from '../../../src/mpi';
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
});
