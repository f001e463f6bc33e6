import { OptionError } from '../../base/errors';
import { isPlainObject, optional, readOptionsOf, refuseExtra, type SpecificationOf } from '../../base/options';
import type { Module } from '../../nn/module';
import { initKind } from '../starts/first-factors';
import { loraOptionsWithoutInit } from './lora';
import { attachPeriodic, type PeriodicLora, type PeriodicLoraOptions, stageOptions } from './periodic-lora';

/** Those of `periodicLora` but for what the method settles: rank 1, and all of it merged. */
export type XgbLoraOptions<S> = Omit<PeriodicLoraOptions<S>, 'rank' | 'mergeFraction' | 'remainder'>;

const { rank: _, ...ofAdapters } = loraOptionsWithoutInit;

const xgbLoraOptions = {
  ...ofAdapters,
  ...stageOptions,
  init: optional(initKind, 'kaiming'),
} satisfies SpecificationOf<XgbLoraOptions<unknown>>;

/**
 * XGBLoRA: gradient boosting with learners of rank 1. Each round trains a fresh rank-1 adapter for `stageSteps` optimizer
 * steps and merges it: `periodicLora` with rank 1. T rounds give a change of rank at most T. That a round picks a random
 * subset of the layers, as the paper is said to do, is left out.
 * @throws OptionError `xgb-lora/settled`, and those of `periodicLora`
 * @see Zhang et al., "Less is more: extreme gradient boost rank-1 adaption", 2024.
 */
export function xgbLora<S>(model: Module, options: XgbLoraOptions<S>): PeriodicLora<S> {
  if (arguments.length > 2) refuseExtra('xgbLora', arguments, 2);
  const given = ['rank', 'mergeFraction', 'remainder'].find((name) => isPlainObject(options) && name in options);
  if (given !== undefined) throw settled(given);
  const read = readOptionsOf<XgbLoraOptions<S>, typeof xgbLoraOptions>('xgbLora', xgbLoraOptions, options);
  return attachPeriodic('xgbLora', model, { ...read, rank: 1, mergeFraction: 1, remainder: 'keep' });
}

function settled(name: string): OptionError {
  return new OptionError({
    code: 'xgb-lora/settled',
    got: `xgbLora got the option "${name}"`,
    expected: 'rank 1 and the whole change merged after each round, which is what the method is',
    fix: 'leave it out, or call periodicLora',
  });
}
