import { OptionError } from '../base/errors';
import type { Module } from '../nn/module';
import { attachPeriodic, type PeriodicLora, type PeriodicLoraOptions } from './periodic-lora';

/** Those of `periodicLora` but for what the method settles: rank 1, and all of it merged. */
export type XgbLoraOptions<S> = Omit<PeriodicLoraOptions<S>, 'rank' | 'mergeFraction' | 'remainder'>;

/**
 * XGBLoRA: gradient boosting with learners of rank 1. Each round trains a fresh rank-1 adapter for `stageSteps` optimizer
 * steps and merges it: `periodicLora` with rank 1. T rounds give a change of rank at most T. That a round picks a random
 * subset of the layers, as the paper is said to do, is left out.
 * @throws OptionError `xgb-lora/settled`, and those of `periodicLora`
 * @see Zhang et al., "Less is more: extreme gradient boost rank-1 adaption", 2024.
 */
export function xgbLora<S>(model: Module, options: XgbLoraOptions<S>): PeriodicLora<S> {
  const given = ['rank', 'mergeFraction', 'remainder'].find((name) => Object.hasOwn(options, name));
  if (given !== undefined) throw settled(given);
  return attachPeriodic('xgbLora', model, { ...options, rank: 1 });
}

function settled(name: string): OptionError {
  return new OptionError({
    code: 'xgb-lora/settled',
    got: `xgbLora got the option "${name}"`,
    expected: 'rank 1 and the whole change merged after each round, which is what the method is',
    fix: 'leave it out, or call periodicLora',
  });
}
