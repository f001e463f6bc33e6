import {
  callable,
  checkArgument,
  either,
  type Kind,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../base/options';

/** A number that depends on the step, counted from 0: above all a learning rate. */
export type Schedule = (step: number) => number;

/** What every named optimizer takes as its learning rate. */
export const rate: Kind<number | Schedule> = {
  ...either(number({ low: 0 }), callable<Schedule>('of the step, such as one of schedules')),
  like: '1e-3',
};

/** η of a step. */
export const rateAt = (learningRate: number | Schedule, step: number): number =>
  typeof learningRate === 'function' ? learningRate(step) : learningRate;

const rampOptions = {
  /** Value at step 0. */
  from: required(number()),
  /** Value at step `steps` and ever after (default 0). */
  to: optional(number(), 0),
  /** Length of the way. */
  steps: required(whole({ low: 0 })),
};

/** A way from one value to another in a number of steps. */
export interface RampOptions extends OptionsOf<typeof rampOptions> {}

const warmupCosineOptions = {
  /** Largest value, reached at step `warmup`. */
  peak: required(number()),
  /** Steps of the linear rise from 0. */
  warmup: required(whole({ low: 0 })),
  /** All steps, those of the rise included. */
  steps: required(whole({ low: 0 })),
  /** Value at step `steps` and ever after (default 0). */
  to: optional(number(), 0),
};

/** A rise and a fall. */
export interface WarmupCosineOptions extends OptionsOf<typeof warmupCosineOptions> {}

/** Learning rates over time: pure functions of the step. */
export const schedules = {
  /** The same value at every step. */
  constant(value: number): Schedule {
    if (arguments.length > 1) refuseExtra('schedules.constant', arguments, 1);
    checkArgument('schedules.constant', 'value', number(), value);
    return () => value;
  },

  /** A straight line. */
  linear(options: RampOptions): Schedule {
    if (arguments.length > 1) refuseExtra('schedules.linear', arguments, 1);
    return ramp('schedules.linear', options, (share) => share);
  },

  /** Half a wave: from + (to − from)·(1 − cos(π·step/steps))/2. */
  cosine(options: RampOptions): Schedule {
    if (arguments.length > 1) refuseExtra('schedules.cosine', arguments, 1);
    return ramp('schedules.cosine', options, (share) => (1 - Math.cos(Math.PI * share)) / 2);
  },

  /** A linear rise, then half a wave down. */
  warmupCosine(options: WarmupCosineOptions): Schedule {
    if (arguments.length > 1) refuseExtra('schedules.warmupCosine', arguments, 1);
    const { peak, warmup, steps, to } = readOptions('schedules.warmupCosine', warmupCosineOptions, options);
    checkArgument('schedules.warmupCosine', 'warmup', whole({ low: 0, high: steps }), warmup);
    const rise = schedules.linear({ from: 0, to: peak, steps: warmup });
    const fall = schedules.cosine({ from: peak, to, steps: steps - warmup });
    return (step) => (step < warmup ? rise(step) : fall(step - warmup));
  },
};

/** `shape` maps the share of the way, 0 to 1, to the share of the change. */
function ramp(where: string, options: RampOptions, shape: (share: number) => number): Schedule {
  const { from, to, steps } = readOptions(where, rampOptions, options);
  return (step) => (step < steps ? from + (to - from) * shape(step / steps) : to);
}
