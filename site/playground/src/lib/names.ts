import { sameTrainings } from '../address';
import type { Preset, Setting, TrackSetting } from '../training/contract';
import { number } from './words';

/** The preset whose trainings these are, whatever their seed and steps. */
export function presetOf(setting: Setting, presets: readonly Preset[]): Preset | null {
  return presets.find((preset) => sameTrainings(preset.setting, setting)) ?? null;
}

/** What the page shows of a method; how it trains stays in the workers. */
export interface MethodWords {
  readonly name: string;
  /** One sentence. */
  readonly says: string;
  /** The settings that change something, beside the learning rate, which all read. */
  readonly reads: readonly (keyof TrackSetting)[];
}

/** A name for each track, with what tells it from others of its method: `Flora, r = 2`. */
export function trackNames(
  tracks: readonly TrackSetting[],
  methods: Readonly<Record<string, MethodWords>>,
): readonly string[] {
  return tracks.map((track, i) => {
    const { name = track.method, reads = [] } = methods[track.method] ?? {};
    const alike = tracks.filter((other, j) => j !== i && other.method === track.method);
    const fields = ['learningRate', ...reads] as const;
    const differing = fields.filter((field) => alike.some((other) => other[field] !== track[field]));
    return [name, ...differing.map((field) => said(field, track))].join(', ');
  });
}

function said(field: keyof TrackSetting, track: TrackSetting): string {
  if (field === 'rank') return `r = ${track.rank}`;
  if (field === 'learningRate') return `η = ${number(track.learningRate)}`;
  if (field === 'refreshEvery')
    return track.refreshEvery === Number.POSITIVE_INFINITY ? 'κ = ∞' : `κ = ${track.refreshEvery}`;
  return String(track[field]);
}
