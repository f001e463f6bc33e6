import { backend, memory, stateBytes } from '../../src/index';
import { type MethodBias, type MethodName, methodBias, methods } from '../../src/study';
import { recordedRuns } from '../../test/methods/replay';
import { replays } from '../../test/methods/replays';
import { type Ask as AskOf, type Perform, performerOf } from '../reproduce/kinds';
import { followedRow, notFollowed, type RecordedRow } from '../reproduce/recorded';
import { warmedUp } from '../reproduce/tasks/schedule';
import { textParameters, textRun, trainText } from '../reproduce/tasks/text';
import { type Contender, transformOf } from './entrants';
import type { Setting } from './setting';
import { type Cost, stepCosts } from './step-costs';

/** Work that needs no other work; it goes between processes as JSON. */
export interface Jobs {
  /** Validation loss of a training; null where it diverged. */
  train: { job: Task & Contender & { readonly rate: number; readonly seed: number }; result: number | null };
  /** The most bytes alive at once in the first steps, a refresh among them. */
  peak: { job: Task & Contender; result: number };
  /** Bytes of a fresh state. */
  bytes: { job: Task & Contender; result: number };
  bias: { job: { readonly name: MethodName }; result: MethodBias };
  times: { job: Timed & { readonly contenders: readonly Contender[] }; result: readonly Cost[] };
  recorded: { job: Record<string, never>; result: readonly RecordedRow[] };
}

type Task = Pick<Setting, 'width' | 'batch' | 'steps' | 'refreshEvery'>;
type Timed = Pick<Setting, 'width' | 'batch' | 'rounds' | 'timedRefreshEvery'>;

export type Ask = AskOf<Jobs>;

/** The gradient that mean updates are tested on: its shape, and the rank. */
export const biasCase = { shape: [8, 12], rank: 2 } as const;

/** What the chance of a wrong conviction is for each method. */
export const biasFalseAlarm = 1e-9;

const perform: Perform<Jobs> = {
  train: ({ name, rank, rate, seed, width, batch, steps, refreshEvery }) =>
    trainText(
      { width, batch, steps, seed },
      transformOf({ name, rank }, { learningRate: warmedUp(rate, steps), refreshEvery, seed }),
    ),

  async peak({ name, rank, width, batch }) {
    const before = memory().bytes;
    backend().resetPeak();
    const transform = transformOf({ name, rank }, { learningRate: () => 0.001, refreshEvery: 2, seed: 0 });
    const run = await textRun({ width, batch, seed: 0 }, transform);
    for (let step = 1; step <= 4; step++) await run.step(step);
    return memory().peakBytes - before;
  },

  async bytes({ name, rank, width, refreshEvery }) {
    const transform = transformOf({ name, rank }, { learningRate: () => 0.001, refreshEvery, seed: 0 });
    return stateBytes(transform.init(await textParameters(width)));
  },

  bias: ({ name }) => methodBias(methods[name], { ...biasCase, falseAlarm: biasFalseAlarm }),

  times: ({ contenders, timedRefreshEvery, ...timed }) =>
    stepCosts(contenders, { ...timed, refreshEvery: timedRefreshEvery }),

  recorded: async () => replays.map(follow),
};

function follow(replay: (typeof replays)[number]): RecordedRow {
  const { file, name } = replay;
  if ('notReproduced' in replay) return notFollowed(file, name, replay.notReproduced);
  const one = recordedRuns(file).find((recorded) => recorded.name === name);
  if (!one) throw new Error(`there is no record ${name} in ${file}`);
  return followedRow(file, name, replay.follow(one));
}

export const performer = performerOf('methods', perform);
