import { backends, limits, refreshes, tasks } from './lib/limits';
import type { Preset, Setting, TrackSetting } from './training/contract';

/** The names that an address may hold. */
export interface Known {
  readonly methods: readonly string[];
  readonly projectors: readonly string[];
  readonly presets: readonly Pick<Preset, 'id' | 'setting'>[];
}

export interface Address {
  /** null: the address says nothing of it. */
  readonly setting: Setting | null;
  /** Whether the address asks to start at once. */
  readonly run: boolean;
}

/** Says in one sentence what was given and what was expected: it is shown to the visitor as it is. */
export class AddressError extends Error {}

/**
 * The setting as it stands in the address, readable and without a leading `?` or `#`.
 *
 *     preset=reset                     a preset as it is
 *     preset=reset&seed=3              and with another seed; `steps` and `backend` likewise
 *     task=linear&seed=0&steps=600&backend=wasm&t=flora,0.1,2,20,reset,gaussian&t=…
 *
 * A track is its method, learning rate, rank, refresh interval or `never`, onRefresh and projector.
 */
export function writeAddress(setting: Setting, presets: Known['presets']): string {
  const preset = presets.find((preset) => sameTrainings(preset.setting, setting));
  if (preset === undefined) {
    return [
      `task=${setting.task}`,
      ...scalars(setting),
      ...setting.tracks.map((track) => `t=${writeTrack(track)}`),
    ].join('&');
  }
  const usual = scalars(preset.setting);
  return [`preset=${preset.id}`, ...scalars(setting).filter((pair) => !usual.includes(pair))].join('&');
}

/** Whether both compare the same methods on the same task, whatever their seed, steps and backend. */
export function sameTrainings(a: Setting, b: Setting): boolean {
  return a.task === b.task && a.tracks.map(writeTrack).join('&') === b.tracks.map(writeTrack).join('&');
}

/**
 * Reads the query or the fragment of an address.
 *
 * @throws {AddressError} if it holds something else than `writeAddress` writes, or `run`.
 */
export function readAddress(text: string, known: Known): Address {
  const pairs = [...new URLSearchParams(text.replace(/^[?#]/, ''))];
  const unknown = pairs.find(([key]) => !['preset', 'task', 'seed', 'steps', 'backend', 't', 'run'].includes(key));
  if (unknown)
    throw new AddressError(`“${unknown[0]}” says nothing here: preset, task, seed, steps, backend, t and run do.`);
  const twice = pairs.find(([key], i) => key !== 't' && pairs.findIndex(([other]) => other === key) < i);
  if (twice) throw new AddressError(`“${twice[0]}” stands there twice.`);

  const given = new Map(pairs);
  const run = given.has('run');
  const trackTexts = pairs.filter(([key]) => key === 't').map(([, value]) => value);
  const id = given.get('preset');
  if (id !== undefined) return { setting: ofPreset(id, given, trackTexts, known), run };
  if (pairs.every(([key]) => key === 'run')) return { setting: null, run };

  const setting: Setting = {
    task: oneOf('task', given.get('task'), tasks),
    seed: whole('seed', given.get('seed'), limits.seed),
    steps: whole('steps', given.get('steps'), limits.steps),
    backend: oneOf('backend', given.get('backend'), backends),
    tracks: trackTexts.map((text) => readTrack(text, known)),
  };
  if (trackTexts.length < limits.tracks.least || trackTexts.length > limits.tracks.most) {
    throw new AddressError(`${trackTexts.length} tracks (t=…) are given: one to ${limits.tracks.most} were expected.`);
  }
  return { setting, run };
}

function ofPreset(
  id: string,
  given: ReadonlyMap<string, string>,
  trackTexts: readonly string[],
  known: Known,
): Setting {
  const preset = known.presets.find((preset) => preset.id === id);
  if (!preset) {
    throw new AddressError(`There is no preset “${id}”: choose among ${known.presets.map(({ id }) => id).join(', ')}.`);
  }
  if (given.has('task') || trackTexts.length > 0) {
    throw new AddressError('A preset brings its task and tracks: give either preset=… or task=… and t=….');
  }
  const { setting } = preset;
  return {
    ...setting,
    ...(given.has('seed') && { seed: whole('seed', given.get('seed'), limits.seed) }),
    ...(given.has('steps') && { steps: whole('steps', given.get('steps'), limits.steps) }),
    ...(given.has('backend') && { backend: oneOf('backend', given.get('backend'), backends) }),
  };
}

function scalars({ seed, steps, backend }: Setting): string[] {
  return [`seed=${seed}`, `steps=${steps}`, `backend=${backend}`];
}

function writeTrack({ method, learningRate, rank, refreshEvery, onRefresh, projector }: TrackSetting): string {
  const interval = refreshEvery === Number.POSITIVE_INFINITY ? 'never' : refreshEvery;
  return [method, learningRate, rank, interval, onRefresh, projector].map(String).map(encodeURIComponent).join(',');
}

function readTrack(text: string, { methods, projectors }: Known): TrackSetting {
  const fields = text.split(',');
  if (fields.length !== 6) {
    throw new AddressError(
      `t=${text} has ${fields.length} fields: method, learning rate, rank, refresh interval, onRefresh and projector were expected.`,
    );
  }
  const [method, learningRate, rank, refreshEvery, onRefresh, projector] = fields;
  return {
    method: oneOf('method', method, methods),
    learningRate: positive('learning rate', learningRate),
    rank: whole('rank', rank, limits.rank),
    refreshEvery:
      refreshEvery === 'never'
        ? Number.POSITIVE_INFINITY
        : whole('refresh interval (or never)', refreshEvery, limits.refreshEvery),
    onRefresh: oneOf('onRefresh', onRefresh, refreshes),
    projector: oneOf('projector', projector, projectors),
  };
}

function oneOf<T extends string>(what: string, text: string | undefined, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new AddressError(`${gave(what, text)}: one of ${choices.join(', ')} was expected.`);
  return found;
}

function whole(what: string, text: string | undefined, { least, most }: { least: number; most: number }): number {
  const value = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new AddressError(`${gave(what, text)}: a whole number from ${least} to ${most} was expected.`);
  }
  return value;
}

function positive(what: string, text: string | undefined): number {
  const value = text?.trim() ? Number(text) : Number.NaN;
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new AddressError(`${gave(what, text)}: a positive number was expected.`);
  }
  return value;
}

function gave(what: string, text: string | undefined): string {
  return text === undefined ? `There is no ${what}` : `The ${what} is “${text}”`;
}
