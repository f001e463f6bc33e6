import { checkNumber, checkOptions } from '../base/errors';

/** A number that depends on the step, counted from 0: above all a learning rate. */
export type Schedule = (step: number) => number;

/** From one value to another in a number of steps. */
export interface RampOptions {
  /** Value at step 0. */
  readonly from: number;
  /** Value at step `steps` and ever after (default 0). */
  readonly to?: number;
  /** Length of the way. */
  readonly steps: number;
}

/** A rise and a fall. */
export interface WarmupCosineOptions {
  /** Largest value, reached at step `warmup`. */
  readonly peak: number;
  /** Steps of the linear rise from 0. */
  readonly warmup: number;
  /** All steps, those of the rise included. */
  readonly steps: number;
  /** Value at step `steps` and ever after (default 0). */
  readonly to?: number;
}

/** Learning rates over time: pure functions of the step. */
export const schedules = {
  /** The same value at every step. */
  constant(value: number): Schedule {
    checkNumber('schedules.constant', 'value', value);
    return () => value;
  },

  /** A straight line. */
  linear(options: RampOptions): Schedule {
    return ramp('schedules.linear', options, (share) => share);
  },

  /** Half a wave: from + (to − from)·(1 − cos(π·step/steps))/2. */
  cosine(options: RampOptions): Schedule {
    return ramp('schedules.cosine', options, (share) => (1 - Math.cos(Math.PI * share)) / 2);
  },

  /** A linear rise, then half a wave down. */
  warmupCosine(options: WarmupCosineOptions): Schedule {
    checkOptions('schedules.warmupCosine', options, ['peak', 'warmup', 'steps', 'to']);
    const { peak, warmup, steps, to = 0 } = options;
    checkNumber('schedules.warmupCosine', 'warmup', warmup, { low: 0, high: steps, whole: true });
    const rise = schedules.linear({ from: 0, to: peak, steps: warmup });
    const fall = schedules.cosine({ from: peak, to, steps: steps - warmup });
    return (step) => (step < warmup ? rise(step) : fall(step - warmup));
  },
};

/** `shape` maps the share of the way, 0 to 1, to the share of the change. */
function ramp(where: string, options: RampOptions, shape: (share: number) => number): Schedule {
  checkOptions(where, options, ['from', 'to', 'steps']);
  const { from, to = 0, steps } = options;
  checkNumber(where, 'from', from);
  checkNumber(where, 'to', to);
  checkNumber(where, 'steps', steps, { low: 0, whole: true });
  return (step) => (step < steps ? from + (to - from) * shape(step / steps) : to);
}
