import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backend, referenceBackend, setBackend } from '../../../src/index';
import { adapterFiles, adapterRecords } from '../../methods/adapter-replay';
import { adapterReplays } from '../../methods/adapter-replays';

// Each adapter gives the numbers that the program of its authors, or PEFT, gave, within what float32 storage allows.

const before = backend();
beforeAll(() => setBackend(referenceBackend()));
afterAll(() => setBackend(before));

describe.each(adapterReplays.filter((replay) => 'follow' in replay))('$file: $name', (replay) => {
  const one = adapterRecords(replay.file).find(({ name }) => name === replay.name);
  if (!one) throw new Error(`no record ${replay.name} in ${replay.file}`);

  it('gives the numbers of the record', async () => {
    const { differences, limits } = await replay.follow(one);
    expect(differences).toHaveLength(limits.length);
    expect(limits.length).toBeGreaterThan(0);
    differences.forEach((off, i) => {
      expect(off, `difference ${i + 1}`).toBeLessThan(limits[i] as number);
    });
  });

  const { unlike } = replay;
  if (unlike)
    it('would not with one rule read otherwise', async () => {
      const { differences, limits } = await unlike(one);
      expect(differences.at(-1)).toBeGreaterThan(10 * (limits.at(-1) as number));
    });
});

it('every recorded case is followed, or listed with the reason why not', () => {
  const all = adapterFiles().flatMap((file) => adapterRecords(file).map(({ name }) => `${file}: ${name}`));
  expect(adapterReplays.map(({ file, name }) => `${file}: ${name}`).sort()).toEqual(all.sort());
});
