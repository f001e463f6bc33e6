import { noGrad, OptionError, stateBytes, trainer } from 'floragrad';
import type { Look, Reading, Setting, Start, TrackSetting } from './contract';
import { isDue, looking } from './look';
import { methodNamed } from './methods';
import type { Texts } from './task';
import { tasks } from './tasks';

/** What there is to say after these steps. */
export interface Said {
  readonly reading: Reading;
  readonly look: Look | null;
  readonly text: string | null;
}

/** One training, one step at a time, on the backend that is set. It depends on its setting alone. */
export interface Track {
  readonly start: Omit<Start, 'backend'>;
  /** All steps are taken, and what there was to say of the last is said. */
  readonly done: boolean;
  /** Say what there is to say of the state as it is, and take the next step. @throws StateError where the loss diverges */
  advance(): Promise<Said>;
}

/** The model writes before the first step, after the last, and at an eighth, a quarter and half of the way. */
function writesAt(step: number, steps: number): boolean {
  return step === 0 || [1, 2, 4, 8].some((part) => step === Math.ceil(steps / part));
}

/** The track of this number, counted from 0, of a setting. @throws OptionError for settings that the library refuses */
export async function openTrack(setting: Setting, number: number, texts: Texts): Promise<Track> {
  const { seed, steps } = setting;
  const chosen = trackOf(setting, number);
  const task = await tasks[setting.task](seed, texts);
  const { path } = task.watched;
  const shape = task.watched.layer.weight.shape as readonly [number, number];
  const prepared = methodNamed(chosen.method).prepare(task, chosen, { seed, steps });
  const { draws } = prepared;
  const looks = await looking(task, draws && { projector: draws, rank: chosen.rank, seed });
  const training = trainer({ model: task.model, transform: prepared.transform, loss: task.loss, seed });
  let said = 0;
  return {
    start: {
      stateBytes: stateBytes(training.state),
      trained: Object.values(training.parameters).reduce((total, { size }) => total + size, 0),
      watched: { path, shape },
    },
    get done() {
      return said > steps;
    },
    async advance() {
      const step = training.steps;
      const look = isDue(step, steps) ? await looks.look(step, training.state) : null;
      const text = task.write && writesAt(step, steps) ? await task.write(step) : null;
      const loss = await (step < steps ? training.step(step).loss : noGrad(() => task.loss(step)).item());
      said = step + 1;
      return { reading: { step, loss: task.reported(loss) }, look, text };
    },
  };
}

/** @throws OptionError `options/range` */
function trackOf({ steps, tracks }: Setting, number: number): TrackSetting {
  if (!(Number.isSafeInteger(steps) && steps > 0)) throw wrong(`steps = ${steps}`, 'a whole number from 1 on');
  const track = tracks[number];
  if (track) return track;
  throw wrong(`the track ${number} of ${tracks.length}`, `a number from 0 to ${tracks.length - 1}`);
}

function wrong(got: string, expected: string): OptionError {
  return new OptionError({ code: 'options/range', got: `a track got ${got}`, expected, fix: 'choose another setting' });
}
