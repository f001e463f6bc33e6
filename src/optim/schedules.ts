import {
  boolean,
  callable,
  checkArgument,
  either,
  type Kind,
  kindOf,
  listOf,
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

const cosineWithRestartsOptions = {
  /** Largest value, reached at step `warmup`. */
  peak: required(number()),
  /** All steps: a multiple of `restartEvery`. */
  steps: required(whole({ low: 1 })),
  /** Steps of the first linear rise from 0, at most `restartEvery` (default 0). */
  warmup: optional(whole({ low: 0 }), 0),
  /** R: at each multiple of it but 0 the value is 0, and rises again. */
  restartEvery: required(whole({ low: 1 })),
  /** Steps of each later rise, at most `restartEvery` (default 0: no restart). */
  restartWarmup: optional(whole({ low: 0 }), 0),
  /** Value at step `steps` and ever after (default 0). */
  to: optional(number(), 0),
};

/** A fall with rises in it. */
export interface CosineWithRestartsOptions extends OptionsOf<typeof cosineWithRestartsOptions> {}

const exponentialDecayOptions = {
  /** Value at step 0. */
  from: required(number()),
  /** What the value is multiplied by in every `steps` steps. */
  rate: required(number({ low: Number.MIN_VALUE })),
  /** In how many steps (default 1). */
  steps: optional(whole({ low: 1 }), 1),
  /** Multiply at whole multiples of `steps` alone, and hold in between (default false). */
  staircase: optional(boolean, false),
  /** The value stops here (default: it goes on for ever). */
  to: optional(number()),
};

/** A geometric decay, or growth. */
export interface ExponentialDecayOptions extends OptionsOf<typeof exponentialDecayOptions> {}

const parts = listOf(callable<Schedule>('of the step, such as one of schedules'));

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

  /**
   * A straight line of e^value: ln(e^from + (e^to − e^from)·step/steps), quick at the start of a rise. One of SoRA's three
   * ways to raise a threshold; its others are `linear`, and `exponentialDecay` with rate to/from, a straight line of the logarithm.
   */
  logLinear(options: RampOptions): Schedule {
    if (arguments.length > 1) refuseExtra('schedules.logLinear', arguments, 1);
    const { from, to, steps } = readOptions('schedules.logLinear', rampOptions, options);
    // With the larger of the two taken out, no exponential overflows.
    const [top, low, high] = [
      Math.max(from, to),
      Math.exp(from - Math.max(from, to)),
      Math.exp(to - Math.max(from, to)),
    ];
    return (step) => (step < steps ? top + Math.log(low + (high - low) * (step / steps)) : to);
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

  /**
   * ReLoRA's jagged cosine: `warmupCosine`, which at each restart begins at 0 again and rises to where the half wave is by
   * then. Put `restartEvery` at the length of a stage of `reLora`.
   * @see Lialin et al., arXiv 2307.05695, section 3.
   */
  cosineWithRestarts(options: CosineWithRestartsOptions): Schedule {
    if (arguments.length > 1) refuseExtra('schedules.cosineWithRestarts', arguments, 1);
    const name = 'schedules.cosineWithRestarts';
    const read = readOptions(name, cosineWithRestartsOptions, options);
    const { peak, warmup, restartEvery, restartWarmup, steps, to } = read;
    checkArgument(name, 'steps', multipleOf(restartEvery), steps);
    checkArgument(name, 'warmup', whole({ low: 0, high: restartEvery }), warmup);
    checkArgument(name, 'restartWarmup', whole({ low: 0, high: restartEvery }), restartWarmup);
    const smooth = schedules.warmupCosine({ peak, warmup, steps, to });
    return (step) => {
      const since = step % restartEvery;
      if (step < restartEvery || step >= steps || since >= restartWarmup) return smooth(step);
      return (since / restartWarmup) * smooth(step - since + restartWarmup);
    };
  },

  /** from·rate^(step/steps), never beyond `to`. */
  exponentialDecay(options: ExponentialDecayOptions): Schedule {
    if (arguments.length > 1) refuseExtra('schedules.exponentialDecay', arguments, 1);
    const read = readOptions('schedules.exponentialDecay', exponentialDecayOptions, options);
    const { from, rate, steps, staircase, to } = read;
    const falls = rate < 1 === from > 0;
    const bound = falls ? Math.max : Math.min;
    return (step) => {
      const times = staircase ? Math.floor(step / steps) : step / steps;
      const value = from * rate ** times;
      return to === undefined ? value : bound(value, to);
    };
  },

  /**
   * One schedule after the other: the next begins at each boundary, a step, and counts from 0 there.
   * @example
   * const { linear, exponentialDecay, join } = schedules;
   * const rate = join([linear({ from: 0, to: 1, steps: 10 }), exponentialDecay({ from: 1, rate: 0.5, steps: 100 })], [10]);
   * console.log(rate(5), rate(10), rate(110)); // prints 0.5 1 0.5
   */
  join(list: readonly Schedule[], boundaries: readonly number[]): Schedule {
    if (arguments.length > 2) refuseExtra('schedules.join', arguments, 2);
    checkArgument('schedules.join', 'list', parts, list);
    checkArgument('schedules.join', 'boundaries', between(list), boundaries);
    return (step) => {
      const past = boundaries.filter((boundary) => step >= boundary);
      return (list[past.length] as Schedule)(step - (past.at(-1) ?? 0));
    };
  },
};

/** `shape` maps the share of the way, 0 to 1, to the share of the change. */
function ramp(where: string, options: RampOptions, shape: (share: number) => number): Schedule {
  const { from, to, steps } = readOptions(where, rampOptions, options);
  return (step) => (step < steps ? from + (to - from) * shape(step / steps) : to);
}

const multipleOf = (length: number): Kind<number> =>
  kindOf(
    `a multiple of restartEvery = ${length}`,
    (value) => typeof value === 'number' && value % length === 0,
    'options/range',
  );

/** Where one schedule ends and the next begins. */
const between = (list: readonly Schedule[]): Kind<readonly number[]> => {
  const steps = listOf(whole({ low: 0 }));
  const fits = (value: unknown): boolean =>
    steps.fits(value) &&
    value.length === list.length - 1 &&
    value.every((x, i) => i === 0 || x > (value[i - 1] as number));
  return kindOf('whole numbers, each above the one before, one fewer than the schedules', fits, 'options/range');
};
