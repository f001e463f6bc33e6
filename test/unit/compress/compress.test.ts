import { describe, expect, it } from 'vitest';
import {
  compress,
  ema,
  type Key,
  mul,
  type Params,
  type Projection,
  type Projector,
  projectors,
  type RefreshContext,
  random,
  type Tensor,
  zeros,
} from '../../../src/index';

const decay = 0.9;
const shape = [6, 4];
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);

/** The same projector, and every key that it was given. */
function withKeys<P extends Projection>(projector: Projector<P>): { projector: Projector<P>; keys: string[] } {
  const keys: string[] = [];
  const note = (key: Key): Key => {
    keys.push(String(key));
    return key;
  };
  const watched: Projector<P> = {
    ...projector,
    sample: (key, ...rest) => projector.sample(note(key), ...rest),
    ...(projector.refresh && {
      refresh: (p: P, g: Tensor, context: RefreshContext) =>
        (projector.refresh as Refresh<P>)(p, g, { ...context, key: note(context.key) }),
    }),
  };
  return { projector: watched, keys };
}
type Refresh<P extends Projection> = NonNullable<Projector<P>['refresh']>;

/** The keys of a start and two refreshes of two parameters of one shape. */
function keysOf<P extends Projection>(of: Projector<P>, seed: number): string[] {
  const { projector, keys } = withKeys(of);
  const transform = compress({
    projector,
    rank: 2,
    inner: ema({ decay }),
    refreshEvery: 1,
    onRefresh: 'transfer',
    seed,
  });
  const grads: Params = { first: random.normal(random.key(1), shape), second: random.normal(random.key(2), shape) };
  let state = transform.init(grads);
  for (let step = 0; step < 3; step++) [, state] = transform.update(grads, state, {});
  return keys;
}

describe('every projection has a key of its own', () => {
  for (const projector of [projectors.gaussian, projectors.coordinatesByNorm({ of: 'norm' })] as Projector[]) {
    it(`${projector.name}: for each parameter, refresh and seed, and the same keys in another run`, () => {
      const keys = keysOf(projector, 0);
      expect(keysOf(projector, 0)).toEqual(keys);
      // A projection made for the first gradient replaces the sample of the start, and takes its key.
      expect(new Set(keys).size).toBe(6);
      expect(new Set([...keys, ...keysOf(projector, 1)]).size).toBe(12);
    });
  }
});

describe('a refresh', () => {
  const { gaussian } = projectors;
  const g = random.normal(random.key(3), shape);
  /** The state before and after the step with the first refresh, all with the same gradient. */
  const around = (onRefresh: 'transfer' | 'reset' | 'keep') => {
    const transform = compress({ projector: gaussian, rank: 2, inner: ema({ decay }), refreshEvery: 2, onRefresh });
    let state = transform.init({ w: g });
    for (let step = 0; step < 2; step++) [, state] = transform.update({ w: g }, state, {});
    const before = state.leaves.w as NonNullable<typeof state.leaves.w>;
    const after = transform.update({ w: g }, state, {})[1].leaves.w as typeof before;
    expect([before.refreshes, after.refreshes]).toEqual([0, 1]);
    const advanced = (mean: Tensor) =>
      numbers(mul(mean, decay).add(mul(gaussian.down(after.projection, g), 1 - decay)));
    return { old: before.inner.mean.w as Tensor, before, after, advanced, mean: numbers(after.inner.mean.w) };
  };
  const expectNear = (actual: number[], expected: number[]): void => {
    expect(actual).toHaveLength(expected.length);
    for (const [i, x] of expected.entries()) expect(actual[i]).toBeCloseTo(x, 6);
  };

  it('transfers the state', () => {
    const { old, before, after, advanced, mean } = around('transfer');
    const carried = gaussian.down(after.projection, gaussian.up(before.projection, old));
    expectNear(mean, advanced(carried));
  });
  it('resets it', () => {
    const { old, advanced, mean } = around('reset');
    expectNear(mean, advanced(zeros(old.shape)));
  });
  it('or keeps its numbers', () => {
    const { old, advanced, mean } = around('keep');
    expectNear(mean, advanced(old));
  });
});
