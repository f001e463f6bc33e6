import { afterEach, describe, expect, it, vi } from 'vitest';
import { leastStableInterval } from '../../../src/compress/stability';
import {
  compress,
  ema,
  explain,
  flora,
  momentum,
  type Params,
  projectors,
  random,
  scaleByAdam,
  zeros,
} from '../../../src/index';

afterEach(() => vi.restoreAllMocks());

describe('the interval from which carried momentum is bounded', () => {
  it.each([
    [0.9, 1 + 257 / 8, 17], // ln 33.1/0.2107 = 16.6, as d = 256 and rank 8 were measured to be
    [0.9, 1, 1],
    [0.5, 4, 2], // exactly 1 is not enough: the norm would stay as it is, and a step more lets it fall
    [0.5, 3.9, 1],
    [0, 1000, 1],
    [1, 1.5, Infinity], // what never decays grows at every transfer
    [1, 1, 1],
  ])('at decay %d and growth %d is %i', (decay, growth, steps) => {
    expect(leastStableInterval(decay, growth)).toBe(steps);
  });

  it('is where E‖M‖² falls from one refresh to the next, and not before', () => {
    // Gradients of zero after the first: M decays, and is carried at each refresh. d = 16 and rank 2: 1 + mse = 9.5.
    const norms = (interval: number): number => {
      let ratio = 0;
      const draws = 1500;
      for (let seed = 0; seed < draws; seed++) {
        const transform = compress({
          projector: projectors.gaussian,
          rank: 2,
          inner: ema({ decay: 0.9 }),
          refreshEvery: interval,
          onRefresh: 'transfer',
          seed,
        });
        const params = { w: zeros([16, 16]) };
        let [, state] = transform.update(
          { w: random.normal(random.key(seed), [16, 16]) },
          transform.init(params),
          params,
        );
        const norm = (): number => (state.leaves.w?.inner.mean.w?.square().sum().dataSync()[0] as number) ?? 0;
        const before = norm();
        for (let step = 0; step < interval; step++) [, state] = transform.update({ w: zeros([16, 16]) }, state, params);
        ratio += norm() / before / draws;
      }
      return ratio;
    };
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    // 9.5·0.81^κ, with a relative standard error of about 1.7 % over the draws: 15 % are more than eight of those.
    for (const interval of [4, 12]) {
      const expected = 9.5 * 0.81 ** interval;
      expect(Math.abs(norms(interval) / expected - 1)).toBeLessThan(0.15);
      expect(expected > 1).toBe(interval < leastStableInterval(0.9, 9.5));
    }
  });
});

describe('flora below it', () => {
  // A path of its own: each case is warned of once in a process.
  const params: Params = { 'stability.w': zeros([32, 32]), b: zeros([32]) };
  const reasonOf = (transform: Parameters<typeof explain>[0]): string | undefined =>
    explain(transform, params)[0]?.reason;
  const options = { learningRate: 0.1, rank: 2, seed: 0 };

  it('says so in explain, for each parameter, and warns once at init', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const transform = flora({ ...options, refreshEvery: 5 });
    // 1 + mse = 1 + 33/2 = 17.5: ln 17.5/0.2107 = 13.6.
    expect(reasonOf(transform)).toBe(
      'gaussian, unstable: a transfer every 5 steps lets momentum grow without bound; refresh every 14 steps or more, or reset',
    );
    // 1 + mse = 1 + 33/16: ln 3.06/0.2107 = 5.3. Of mse alone it would be 3.4.
    expect(reasonOf(flora({ ...options, rank: 16, refreshEvery: 2 }))).toContain('refresh every 6 steps or more');
    expect(explain(transform, params)[1]?.reason).toBe('dense: not a matrix');
    transform.init(params); // as explain has done already, to count bytes
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/^floragrad: gaussian of stability\.w \[32, 32\] is unstable: .*refresh every 14 steps/),
      expect.stringContaining('refresh every 6 steps'),
    ]);
  });

  it.each<[string, Parameters<typeof explain>[0]]>([
    ['at the interval', flora({ ...options, refreshEvery: 14 })],
    ['with a reset', flora({ ...options, refreshEvery: 5, onRefresh: 'reset' })],
    ['with a rule, which may say otherwise', flora({ ...options, refreshEvery: () => 5 })],
    ['with less of the past', flora({ ...options, refreshEvery: 5, beta: 0.5 })],
    [
      'with a projector that does not add to the norm',
      flora({ ...options, refreshEvery: 5, projector: projectors.haarUnscaled as never }),
    ],
    [
      'around a transform whose state is not carried',
      compress({ projector: projectors.gaussian, rank: 2, inner: scaleByAdam(), refreshEvery: 1, onRefresh: 'keep' }),
    ],
  ])('says nothing %s', (_, transform) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(reasonOf(transform)).not.toContain('unstable');
    transform.init(params);
    expect(warn).not.toHaveBeenCalled();
  });

  it('says nothing where the theory needs a gradient, or throws', () => {
    const broken = {
      ...projectors.gaussian,
      theory: () => {
        throw new TypeError('no gradient');
      },
    };
    for (const projector of [projectors.twoSidedProduct, broken])
      expect(reasonOf(flora({ ...options, refreshEvery: 5, projector: projector as never }))).not.toContain('unstable');
  });

  it('knows the decay of a sum, too', () => {
    const transform = compress({
      projector: projectors.gaussian,
      rank: 2,
      inner: momentum({ decay: 0.9 }),
      refreshEvery: 5,
      onRefresh: 'transfer',
    });
    expect(reasonOf(transform)).toContain('refresh every 14 steps');
    const inner = momentum({ decay: 1 });
    const endless = { projector: projectors.gaussian, rank: 2, inner, onRefresh: 'transfer' } as const;
    expect(reasonOf(compress({ ...endless, refreshEvery: 500 }))).toMatch(/every 500 steps .* without bound; reset$/);
    expect(reasonOf(compress({ ...endless, refreshEvery: Infinity }))).toBe('gaussian');
  });
});
