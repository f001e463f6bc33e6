import { OptionError } from '../base/errors';
import { isPlainObject, kindOf } from '../base/options';
import type { Module } from '../nn/module';
import type { Params } from '../tensor/tensor';
import type { Observer } from './observe';

/** What happened in `fit`: a step, or a report, which comes after a number of steps or at the end of an epoch. */
export interface FitEvent {
  /** A step was taken, or a report is due. */
  readonly kind: 'step' | 'report';
  /** Steps taken so far, this one included, and those of the run that was resumed. */
  readonly step: number;
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** The loss: a step's before its update, a report's the mean over the steps since the report before. */
  readonly loss: number;
  /** In reports of a `fit` that validates. */
  readonly validationLoss?: number;
  /** Other numbers by name: what `validate` returned beside the loss, and what callbacks have measured. */
  readonly values: Readonly<Record<string, number>>;
  /** Since `fit` was called. */
  readonly seconds: number;
}

/** The training that a callback is part of. */
export interface FitRun {
  /** The model, where one is trained and not bare tensors. */
  readonly model?: Module;
  /** The parameters that are trained. */
  readonly parameters: Params;
  /** Where it ends: number of the last epoch, Infinity where steps alone count. */
  readonly epochs: number;
  /** Where it ends: most steps in total. */
  readonly steps: number;
  /** Steps of the run that was resumed; 0 for a new one. */
  readonly resumed: number;
  /** What everything random is drawn from. */
  readonly seed: number;
  /** Whether reports have a `validationLoss`. */
  readonly validates: boolean;
  /** All that `resume` needs, for `saveCheckpoint`: at once, since the tensors are those that the next step changes. */
  checkpoint(): FitCheckpoint;
}

/** A training at one moment: what `saveCheckpoint` and `encodeCheckpoint` take, and what `fit` goes on from. */
export interface FitCheckpoint {
  /** The model's `state()`: parameters and buffers. */
  readonly parameters: Params;
  /** The transform's state, and those of callbacks by name. */
  readonly state: {
    /** That of the transform. */
    readonly trainer: unknown;
    /** Those of callbacks, by name. */
    readonly callbacks: Readonly<Record<string, unknown>>;
  };
  /** Steps taken. */
  readonly steps: number;
  /** Where the data stands: plain data. */
  readonly position: unknown;
}

/**
 * What looks at a training, and may stop it. All members are optional; a function in its place is its `event`. Whatever
 * returns a promise is waited for.
 */
export interface FitCallback {
  /** Who stopped the training; and under what name a state is saved, which no other callback may have. */
  readonly name?: string;
  /** Called before the first step. */
  start?(run: FitRun): unknown;
  /** Look at gradients and updates, as the trainer's `observe` does. */
  readonly observe?: Observer;
  /** Numbers by name, asked for after each step, which the events have as `values`. */
  measure?(): Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Called with each event, in the order of the callbacks. The result 'stop' ends the training; any other is ignored. */
  event?(event: FitEvent, run: FitRun): unknown;
  /** Called when the training has ended, but not after an exception. */
  end?(run: FitRun, stopped: string): unknown;
  /** What has to be saved so that it can go on: a tree of tensors, numbers and strings. */
  state?(): unknown;
  /** Go on from a state; called after `start`. */
  load?(state: unknown): void;
}

/** A callback, or its `event` alone. */
export type FitCallbackLike = FitCallback | Required<FitCallback>['event'];

const members = ['name', 'start', 'observe', 'measure', 'event', 'end', 'state', 'load'];

/** Functions, and objects that have something a callback has: an object without any would be a mistake in silence. */
export const callbackKind = kindOf<FitCallbackLike>(
  'a function of an event, or an object with one of its members, such as earlyStop({ patience: 3 })',
  (value) => typeof value === 'function' || (isPlainObject(value) && members.some((name) => name in value)),
);

export function callbackOf(given: FitCallbackLike): FitCallback {
  return typeof given === 'function' ? { name: given.name, event: given } : given;
}

/** What callbacks judge reports by, lower being better. */
export const scoreKind = kindOf<(event: FitEvent) => number>(
  'a function of a report that returns a number, lower being better',
  (value) => typeof value === 'function',
);

/** How a callback judges the reports of this run. @throws OptionError `fit/validation` */
export function scoreOf(name: string, { validates }: FitRun, of?: (event: FitEvent) => number) {
  if (of === undefined && !validates) throw nothingToJudge(name);
  return of ?? (({ validationLoss }: FitEvent) => validationLoss as number);
}

function nothingToJudge(name: string): OptionError {
  return new OptionError({
    code: 'fit/validation',
    got: `fit got ${name} and no validate`,
    expected: 'a validation loss to judge by',
    fix: `pass { validate: () => validate(loss, batches) } to fit, or write ${name}({ of: ({ loss }) => loss })`,
  });
}
