import { boolean, callable, type OptionsOf, optional, readOptions, refuseExtra } from '../base/options';
import { runInScope } from '../tensor/scope';
import type { Params } from '../tensor/tensor';
import { type FitCallback, type FitEvent, type FitRun, scoreKind, scoreOf } from './fit-callback';
import { loadValues, valuesOf } from './load-values';
import { Residents } from './residents';

const keepBestOptions = {
  /** What is judged (default: the validation loss); lower is better. */
  of: optional(scoreKind),
  /** Give the model its best values when the training ends (default true). */
  restore: optional(boolean, true),
  /** Called at each new best with parameters and buffers by path, the report and the run; a promise is waited for. */
  save: optional(
    callable<(values: Params, event: FitEvent, run: FitRun) => unknown>('of parameters by path and their report'),
  ),
};

/** What is best, and what to do with it. */
export interface KeepBestOptions extends OptionsOf<typeof keepBestOptions> {}

/** A callback that knows the best report. */
export interface KeepBest extends FitCallback {
  /** Steps and score of the best report so far; undefined before the first. */
  readonly best:
    | {
        /** Steps taken at that report. */
        readonly step: number;
        /** Its score: the lower the better. */
        readonly score: number;
      }
    | undefined;
}

/**
 * Keep the parameters and buffers that had the lowest validation loss, and give them back to the model when `fit` ends. It
 * costs the memory of one more model. After that, parameters and the transform's state are of different steps: to go on
 * later, take checkpoints during the training, or set `restore: false`.
 * @throws OptionError `fit/validation` in a `fit` that does not validate, without `of`
 */
export function keepBest(options: KeepBestOptions = {}): KeepBest {
  if (arguments.length > 1) refuseExtra('keepBest', arguments, 1);
  const { of, restore, save } = readOptions('keepBest', keepBestOptions, options);
  let score: (event: FitEvent) => number;
  let best: KeepBest['best'];
  let residents = new Residents();
  let kept: Params = {};
  const hold = (values: Params): void => {
    kept = runInScope('keepBest', () => residents.write({ ...values }));
  };
  const holderOf = ({ model, parameters }: FitRun) => model ?? parameters;
  return {
    name: 'keepBest',
    get best() {
      return best;
    },
    start(run) {
      score = scoreOf('keepBest', run, of);
      best = undefined;
      residents = new Residents();
      kept = {};
    },
    async event(event, run) {
      if (event.kind !== 'report') return;
      const value = score(event);
      if (!(value < (best?.score ?? Infinity))) return;
      best = { step: event.step, score: value };
      hold(valuesOf(holderOf(run)));
      await save?.(kept, event, run);
    },
    end(run) {
      if (restore && best) loadValues(holderOf(run), kept);
    },
    state: () => ({ best: best ?? null, kept }),
    load(state) {
      const before = state as { best: KeepBest['best'] | null; kept: Params };
      best = before.best ?? undefined;
      hold(before.kept);
    },
  };
}
