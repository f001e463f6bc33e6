import { beforeAll, describe, expect, it } from 'vitest';
import { plain } from '../../site/check/plain';
import { presets } from '../../site/playground/src/presets';
import type { Look, Outcome } from '../../site/playground/src/training/contract';
import { setBackend, wasmBackend } from '../../src/index';
import { losses, run, texts } from './playground-session';

beforeAll(() => setBackend(wasmBackend({ build: 'baseline' })));

const presetOf = (id: string) => presets.find((preset) => preset.id === id) as (typeof presets)[number];

describe('a preset and the plain program of its tracks', () => {
  // Past the first refresh or stage of each, where that takes few steps. All steps are compared in the page itself.
  it.each([
    ['unbiased', 25],
    ['refreshing', 45],
    ['rank-grows', 35],
    ['lora-rank', 105],
    ['lora-is-flora', 10],
    ['momentum', 105],
    ['moby-dick', 3],
  ])('%s: the same bits in the first %i steps', async (id, steps) => {
    const { setting } = presetOf(id);
    const expected = await (plain[id] as NonNullable<(typeof plain)[string]>)(texts.mobyDick, steps);
    expect(expected).toHaveLength(setting.tracks.length);
    for (const [track, theirs] of expected.entries()) {
      expect(losses(await run(setting, track, steps + 1))).toEqual(theirs);
    }
  });

  it('every preset has one, and what a page needs', () => {
    expect(presets.map(({ id }) => id)).toEqual(Object.keys(plain));
    for (const { setting, names, claim, judge } of presets) {
      expect(names).toHaveLength(setting.tracks.length);
      expect(claim.match(/[.:] [A-Z]|\.$/g)).toHaveLength(2); // two sentences
      expect(judge([])).toBeNull();
    }
  });
});

/** An outcome that ends at this loss, with these looks. */
function ending(steps: number, loss: number, looks: Partial<Look>[] = [], stateBytes = 0): Outcome {
  const start = { backend: '', stateBytes, trained: 0, watched: { path: 'weight', shape: [32, 32] as const } };
  const look: Look = { step: 0, gradient: [], survived: [], updateRank: 0, error: null };
  const readings = [{ step: steps, loss }];
  return { start, readings, looks: looks.map((differs) => ({ ...look, ...differs })), texts: [] };
}

/** Whether the claim holds of tracks that end so. */
const judged = (id: string, ends: readonly number[], looks: readonly Partial<Look>[][] = []): boolean | undefined => {
  const { judge, setting } = presetOf(id);
  return judge(ends.map((loss, i) => ending(setting.steps, loss, looks[i])))?.holds;
};

describe('judges', () => {
  it.each(presets.map(({ id }) => id))('%s waits for the last step of all tracks', (id) => {
    const { judge, setting } = presetOf(id);
    const early = setting.tracks.map((_, i) => ending(i === 0 ? setting.steps : setting.steps - 1, 0.1));
    expect(judge(early)).toBeNull();
  });

  it.each([
    ['refreshing', [0.01, 0.03, 0.9], true],
    ['refreshing', [0.03, 0.03, 0.9], false], // transfer in place of reset
    ['refreshing', [0.3, 0.9, 0.9], false], // refreshing does not help
    ['momentum', [1e-3, 1e-5, 1e-4], true],
    ['momentum', [1e-5, 1e-5, 1e-4], false], // momentum in place of none
    ['momentum', [5e-5, 1e-5, 2e-5], false], // momentum helps less than tenfold
    ['momentum', [1e-3, 1e-5, 2e-3], false], // Flora is no better than none
    ['momentum', [1e-3, 1e-5, 1e-6], false], // Flora is better than dense
    ['moby-dick', [2.35, 2.36, 2.4], true],
    ['moby-dick', [2.4, 2.36, 2.4], false], // momentum helps
    ['moby-dick', [2.4, 2.4, 2.36], false], // Flora helps
  ])('%s ends at %j: %s', (id, ends, holds) => {
    expect(judged(id, ends)).toBe(holds);
  });

  it('lora-rank knows the floor from the gradient before the first step', () => {
    const gradient = Array.from({ length: 32 }, (_, i) => (i < 2 ? 3 : 1)); // 18 of 48 in two, 32 of 48 in sixteen
    const looks = [[{ step: 0, gradient }]];
    expect(judged('lora-rank', [0.63, 0.2, 0.34], looks)).toBe(true);
    expect(judged('lora-rank', [0.63, 0.63, 0.34], looks)).toBe(false); // LoRA in place of PeriodicLoRA
    expect(judged('lora-rank', [0.6, 0.2, 0.34], looks)).toBe(false); // below its floor
    expect(judged('lora-rank', [0.7, 0.2, 0.34], looks)).toBe(false); // far above it
    const lines = presetOf('lora-rank').lines?.([ending(0, 1, looks[0])]);
    expect(lines?.map(({ loss }) => loss)).toEqual([30 / 48, 16 / 48]);
  });

  it('lora-is-flora compares all steps', () => {
    const { judge, setting } = presetOf('lora-is-flora');
    const falling = (middle: number): Outcome => ({
      ...ending(setting.steps, 0.5),
      readings: [0.9, middle, 0.5].map((loss, i) => ({ step: i === 2 ? setting.steps : i, loss })),
    });
    expect(judge([falling(0.7), falling(0.7 + 1e-7), falling(0.6)])?.holds).toBe(true);
    expect(judge([falling(0.7), falling(0.6), falling(0.6)])?.holds).toBe(false); // A is trained
    expect(judge([falling(0.7), falling(0.7), falling(0.7)])?.holds).toBe(false); // A is frozen in both
  });

  it('rank-grows wants every look to be as the formula says', () => {
    const growing = (perDraw: number) =>
      [0, 1, 30, 31, 480].map((step) => ({ step, updateRank: Math.min(32, perDraw * Math.ceil(step / 30)) }));
    const two = [{ step: 1, updateRank: 2 }];
    expect(judged('rank-grows', [1, 1, 1], [growing(2), two, two])).toBe(true);
    expect(judged('rank-grows', [1, 1, 1], [growing(4), two, two])).toBe(false);
    expect(judged('rank-grows', [1, 1, 1], [two, two, two])).toBe(false); // one projection for good
    expect(judged('rank-grows', [1, 1, 1], [growing(2), two, growing(2)])).toBe(false);
  });

  it('unbiased wants the error to fall as 1/n, and that of svd to stay', () => {
    const errors = (of: (n: number) => number) =>
      [1, 10, 1000].map((draws) => ({ step: draws, error: { draws, measured: of(draws), theory: 0 } }));
    const [four, sixteen, svd] = [errors((n) => 33 / 4 / n), errors((n) => 33 / 16 / n), errors(() => 0.6)];
    expect(judged('unbiased', [1, 1, 1], [four, sixteen, svd])).toBe(true);
    expect(judged('unbiased', [1, 1, 1], [svd, sixteen, svd])).toBe(false); // svd in place of gaussian
    expect(judged('unbiased', [1, 1, 1], [errors((n) => 33 / 4 / n ** 2), sixteen, svd])).toBe(false);
    expect(judged('unbiased', [1, 1, 1], [four, sixteen, sixteen])).toBe(false); // gaussian in place of svd
  });
});
