import { beforeAll, describe, expect, it } from 'vitest';
import type { Outcome, TrackSetting } from '../../site/playground/src/training/contract';
import { methodNamed, methodNames } from '../../site/playground/src/training/methods';
import { setBackend, wasmBackend } from '../../src/index';
import { losses, one, run } from './playground-session';

beforeAll(() => setBackend(wasmBackend({ build: 'baseline' })));

const last = ({ looks }: Outcome) => looks.at(-1) as Outcome['looks'][number];
const nonzero = (values: readonly number[]): number => values.filter((s) => s > 1e-4 * (values[0] as number)).length;

describe('settings', () => {
  const others: Partial<TrackSetting> = {
    learningRate: 0.02,
    rank: 3,
    refreshEvery: 4,
    onRefresh: 'transfer',
    projector: 'rademacher',
  };

  it.each(methodNames)('%s depends on what it reads, and on nothing else', async (method) => {
    const before = losses(await run(one({ method }), 0, 7));
    const changed: string[] = [];
    for (const [field, value] of Object.entries(others)) {
      const after = losses(await run(one({ method, [field]: value }), 0, 7));
      if (String(after) !== String(before)) changed.push(field);
    }
    expect(changed.sort()).toEqual(['learningRate', ...methodNamed(method).reads].sort());
  });

  it.each(['linear', 'spiral', 'names'] as const)('of %s, the seed changes everything', async (task) => {
    const [a, b, again] = await Promise.all(
      [1, 2, 1].map((seed) => run(one({ method: 'flora', learningRate: 0.02 }, { task, seed }), 0, 2)),
    );
    expect(again).toEqual(a);
    expect(losses(b as Outcome)[1]).not.toBe(losses(a as Outcome)[1]);
    for (const values of ['gradient', 'survived'] as const) {
      expect(last(b as Outcome)[values][0]).not.toBe(last(a as Outcome)[values][0]);
    }
  });

  it('that make no sense are refused in words', async () => {
    await expect(run(one({ method: 'sgd' }))).rejects.toThrow(/options\/choice.*'sgd'; expected one of none, momentum/);
    await expect(run(one({ method: 'flora', projector: 'entries' }))).rejects.toThrow(/expected one of gaussian/);
    await expect(run(one({ method: 'flora', rank: 33 }))).rejects.toThrow(/smaller dimension 32 below the rank 33/);
    await expect(run(one({}, { steps: 0 }))).rejects.toThrow(/steps = 0; expected a whole number/);
    await expect(run(one({}), 1)).rejects.toThrow(/the track 1 of 1/);
  });
});

describe('what is said at the start', () => {
  it.each([
    ['none', 0, 1024],
    ['momentum', 4 * 32 * 32, 1024],
    ['flora', 4 * 4 * 32, 1024],
    ['adam', 8 * 32 * 32, 1024],
    ['galore', 4 * (2 * 4 * 32 + 4 * 32), 1024], // two moments [32, r] and the singular vectors [r, 32]
    ['lora', 4 * 2 * 4 * 32, 2 * 4 * 32],
    ['lora-frozen-A', 4 * 4 * 32, 4 * 32],
  ])('%s: %i bytes of state for %i numbers', async (method, stateBytes, trained) => {
    const { start } = await run(one({ method }), 0, 1);
    expect(start).toMatchObject({ stateBytes, trained, watched: { path: 'weight', shape: [32, 32] } });
  });
});

describe('looks', () => {
  it('compressed gradients are those that a frozen A of the same seed lets through', async () => {
    const [flora, frozen, both] = await Promise.all(
      ['flora', 'lora-frozen-A', 'lora'].map((method) =>
        run(one({ method, refreshEvery: Infinity, learningRate: 0.3 }), 0, 9),
      ),
    );
    const [a, b, c] = [flora, frozen, both].map((outcome) => last(outcome as Outcome)) as [Look, Look, Look];
    for (const [i, s] of a.survived.entries()) expect(b.survived[i]).toBeCloseTo(s, 3);
    expect([nonzero(a.survived), nonzero(b.survived), nonzero(c.survived)]).toEqual([4, 4, 8]); // A adds BBᵀG
    expect(nonzero(a.gradient)).toBe(32);
  });

  it('a projection that keeps all dimensions and is a rotation lets all of the gradient through', async () => {
    const { gradient, survived } = last(await run(one({ method: 'flora', projector: 'haar', rank: 32 }), 0, 3));
    for (const [i, s] of gradient.entries()) expect(survived[i]).toBeCloseTo(s, 4);
  });

  it('the leading singular directions are those of the gradient at hand, before the first step too', async () => {
    const { looks } = await run(one({ method: 'flora', projector: 'svd' }), 0, 1);
    const { gradient, survived } = looks[0] as Look;
    for (const i of [0, 1, 2, 3]) expect(survived[i]).toBeCloseTo(gradient[i] as number, 4);
    expect(nonzero(survived)).toBe(4);
  });

  it('a stage or a projection more is two directions more', async () => {
    const ranks = async (method: string) =>
      (await run(one({ method, rank: 2, refreshEvery: 4 }, { steps: 12 }))).looks.map(({ updateRank }) => updateRank);
    const expected = [0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6];
    expect(await ranks('flora')).toEqual(expected);
    expect(await ranks('periodic-lora')).toEqual(expected);
    expect((await ranks('none')).at(-1)).toBe(32);
  });

  // Unbiased; a rotation; one that shrinks by r/d; one that is the same in each draw.
  it.each(['gaussian', 'haar', 'haarUnscaled', 'svd'])(
    'the mean of draws of %s errs as its theory says',
    async (projector) => {
      const { looks } = await run(one({ method: 'flora', projector, rank: 8 }, { steps: 100 }));
      const [none, ...errors] = looks.map(({ error }) => error);
      expect(none).toBeNull();
      const { draws, measured, theory } = errors.at(-1) as NonNullable<Look['error']>;
      expect(draws).toBe(100);
      expect(Math.abs(measured / theory - 1)).toBeLessThan(0.35);
    },
  );

  it('looking and writing change no number', async () => {
    const once = await run(one({ method: 'flora' }, { steps: 6000 }), 0, 40);
    const often = await run(one({ method: 'flora' }, { steps: 60 }), 0, 40);
    expect(often.looks.length).toBeGreaterThan(2 * once.looks.length);
    expect(losses(often)).toEqual(losses(once));
  });
});

type Look = Outcome['looks'][number];
