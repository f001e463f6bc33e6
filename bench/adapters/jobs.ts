import { backend, referenceBackend, setBackend } from '../../src/index';
import { adapterRecords } from '../../test/methods/adapter-replay';
import { adapterReplays } from '../../test/methods/adapter-replays';
import { type Ask as AskOf, performerOf } from '../reproduce/kinds';
import { followedRow, notFollowed, type RecordedRow } from '../reproduce/recorded';
import { setting } from './setting';
import { type Tuned, type Tuning, tune, writeBase } from './tuning';

/** The work of the page, by kind. */
export interface Jobs {
  /** Train the base, and write it to a file. */
  base: { job: { readonly file: string }; result: null };
  tune: { job: Tuning; result: Tuned | null };
  recorded: { job: { readonly at: number }; result: RecordedRow };
}

export type Ask = AskOf<Jobs>;

/** The jobs as processes have them. */
export const performer = performerOf<Jobs>('adapters', {
  async base({ file }) {
    await writeBase(file, setting.base);
    return null;
  },

  tune: (job) => tune(job, setting),

  /** Records are followed in float64, as their limits say. */
  async recorded({ at }) {
    const replay = adapterReplays[at];
    if (!replay) throw new Error(`there is no replay ${at}`);
    const { file, name } = replay;
    if ('notReproduced' in replay) return notFollowed(file, name, replay.notReproduced);
    const one = adapterRecords(file).find((record) => record.name === name);
    if (!one) throw new Error(`there is no record ${name} in ${file}`);
    const before = backend();
    setBackend(referenceBackend());
    try {
      return followedRow(file, name, await replay.follow(one));
    } finally {
      setBackend(before);
    }
  },
});
