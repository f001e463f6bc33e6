import { number, type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../base/options';
import { type FitCallback, type FitEvent, scoreKind, scoreOf } from './fit-callback';

const earlyStopOptions = {
  /** Reports in a row without an improvement after which the training ends. */
  patience: required(whole({ low: 1 })),
  /** How much lower than the best so far counts as an improvement (default 0: anything lower). */
  minimum: optional(number({ low: 0 }), 0),
  /** What is judged (default: the validation loss); lower is better. */
  of: optional(scoreKind),
};

/** When to give up. */
export interface EarlyStopOptions extends OptionsOf<typeof earlyStopOptions> {}

/**
 * End `fit` when the validation loss has not improved in `patience` reports in a row. NaN is no improvement. The last
 * parameters stay, not the best: `keepBest` brings those back.
 * @throws OptionError `fit/validation` in a `fit` that does not validate, without `of`
 * @see Prechelt, "Early Stopping – But When?", 1998, on criteria to stop by; this one is that of Keras' `EarlyStopping`.
 */
export function earlyStop(options: EarlyStopOptions): FitCallback {
  if (arguments.length > 1) refuseExtra('earlyStop', arguments, 1);
  const { patience, minimum, of } = readOptions('earlyStop', earlyStopOptions, options);
  let score: (event: FitEvent) => number;
  let now = { best: Infinity, waited: 0 };
  return {
    name: 'earlyStop',
    start(run) {
      score = scoreOf('earlyStop', run, of);
      now = { best: Infinity, waited: 0 };
    },
    event(event) {
      if (event.kind !== 'report') return undefined;
      const value = score(event);
      if (value < now.best - minimum) now = { best: value, waited: 0 };
      else now.waited++;
      return now.waited >= patience ? 'stop' : undefined;
    },
    state: () => ({ ...now }),
    load(state) {
      now = { ...(state as typeof now) };
    },
  };
}
