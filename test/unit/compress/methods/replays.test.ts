import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stateBytes } from '../../../../src/index';
import { checkLike } from '../../../../src/io/checkpoint-like';
import { recordedRuns } from '../../../methods/replay';
import { replays } from '../../../methods/replays';

// Each method follows the numbers that its authors' program gave, step by step, within what float32 storage allows.

const followed = replays.filter((replay) => 'follow' in replay);

describe.each(followed)('$file: $name', (replay) => {
  const one = recordedRuns(replay.file).find(({ name }) => name === replay.name);
  if (!one) throw new Error(`no record ${replay.name} in ${replay.file}`);

  it('gives the weights of its authors', () => {
    const followed = replay.follow(one);
    const { differences, limits } = followed;
    expect(differences).toHaveLength(limits.length);
    expect(limits.length).toBeGreaterThan(0);
    differences.forEach((off, t) => {
      expect(off, `after step ${t + 1}`).toBeLessThan(limits[t] as number);
    });
    if (!('states' in followed)) return;
    const { states } = followed;
    replay.check?.(one, { differences, limits, states });
    // The state has one structure from the start, so that a checkpoint can be compared with a fresh one, and one size.
    const [first, last] = [states[0], states.at(-1)];
    checkLike({}, last, { state: first });
    expect(stateBytes(last)).toBe(stateBytes(first));
  });

  const { unlike } = replay;
  if (unlike)
    it('would not with one rule read otherwise', () => {
      const { differences, limits } = unlike(one);
      expect(differences.at(-1)).toBeGreaterThan(10 * (limits.at(-1) as number));
    });
});

it('every recorded run is followed, or listed with the reason why not', () => {
  const files = readdirSync('test/golden/methods').map((file) => file.replace('.json', ''));
  const recorded = files.flatMap((file) => recordedRuns(file).map(({ name }) => `${file}: ${name}`));
  expect(replays.map(({ file, name }) => `${file}: ${name}`).sort()).toEqual(recorded.sort());
});
