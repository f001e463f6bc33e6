import { seedKind } from '../base/key';
import {
  either,
  isPlainObject,
  kindOf,
  listOf,
  number,
  optional,
  required,
  type SpecificationOf,
  whole,
} from '../base/options';
import type { Params, Tensor } from '../tensor/tensor';
import { callbackKind, type FitCallbackLike } from './fit-callback';
import { type TrainerOptions, trainerOptions } from './trainer-options';

/** Batches one after the other, at once or later. */
export type FitData<Batch> = Iterable<Batch> | AsyncIterable<Batch>;

/** Numbers of a validation: the loss, or a record that has it under the name `loss`. */
export type Validated =
  | number
  | (Readonly<Record<string, number>> & {
      /** The mean loss. */
      readonly loss: number;
    });

/** What to train, on what, for how long, and what to do meanwhile. Those of `trainer` mean what they mean there. */
export interface FitOptions<S, Batch> extends Omit<TrainerOptions<S, Batch>, 'seed' | 'resume'> {
  /**
   * The batches of an epoch: something to go through once for each epoch, such as an array, or a function of the number of
   * the epoch, from 1. Data that have `state` and `load(state)` know their place themselves; others are gone through again
   * to where they were when a training is resumed, so they have to be the same.
   */
  readonly data: FitData<Batch> | ((epoch: number) => FitData<Batch>);
  /** How often to go through the data (default 1; without a bound where `steps` is given). */
  readonly epochs?: number;
  /** Most steps in total, those before `resume` included (default: as many as the epochs have). */
  readonly steps?: number;
  /** The loss on other data, and more numbers if it likes, for each report; or batches and a loss for `validate`. */
  readonly validate?:
    | (() => Validated | Promise<Validated>)
    | {
        /** The batches, or a function that makes them anew. */
        readonly data: Iterable<Batch> | (() => Iterable<Batch>);
        /** The loss of a batch; it gets no key, so that dropout is off. */
        readonly loss: (batch: Batch) => Tensor;
      };
  /** Steps between reports (default: one at the end of each epoch); a last one comes at the end of the training. */
  readonly every?: number;
  /** What looks at the training and may stop it, in this order (default: none). */
  readonly callbacks?: readonly FitCallbackLike[];
  /** Everything random in a step is a function of this seed and the number of the step (default 0). */
  readonly seed?: number;
  /** Go on from a checkpoint of `fit`: also its parameters are loaded. The other options have to be the same. */
  readonly resume?: {
    /** By path. */
    readonly parameters: Params;
    /** `{ trainer, callbacks }`. */
    readonly state: unknown;
    /** Steps taken. */
    readonly steps: number;
    /** Where the data stands. */
    readonly position?: unknown;
  };
  /** Milliseconds after which timers, input and painting have a turn between two steps (default 16; Infinity for never). */
  readonly yieldEvery?: number;
  /** Ends the training before the next step when it is aborted: `fit` resolves, with `stopped: 'signal'`. */
  readonly signal?: {
    /** It is time to stop. */
    readonly aborted: boolean;
  };
}

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

const batchesKind = kindOf<FitData<unknown> | ((epoch: number) => FitData<unknown>)>(
  'batches to go through, such as an array, or a function of the epoch that returns them',
  (value) => typeof value === 'function' || isIterable(value),
);

const validateKind = kindOf<Required<FitOptions<unknown, unknown>>['validate']>(
  'a function that returns a loss, or { data, loss }',
  (value) =>
    typeof value === 'function' || (isPlainObject(value) && 'data' in value && typeof value.loss === 'function'),
);

/** A checkpoint of `fit`, as it comes back from a file. */
export interface Resume {
  readonly state: { readonly trainer: unknown; readonly callbacks: Readonly<Record<string, unknown>> };
  readonly position: Position;
}

/** Where a training stands: what `position` holds. */
export interface Position {
  readonly seed: number;
  readonly epoch: number;
  /** Batches of this epoch that are done. */
  readonly batch: number;
  /** Losses since the last report. */
  readonly sum: number;
  readonly count: number;
  /** The state of data that have one. */
  readonly data?: unknown;
}

const numbersIn = (value: unknown, ...names: readonly string[]): boolean =>
  isPlainObject(value) && names.every((name) => typeof value[name] === 'number');

const resumeKind = kindOf<Required<FitOptions<unknown, unknown>>['resume']>(
  'a checkpoint that fit made: { parameters, state, steps, position }',
  (value) =>
    isPlainObject(value) &&
    isPlainObject(value.parameters) &&
    isPlainObject(value.state) &&
    isPlainObject(value.state.callbacks) &&
    Number.isSafeInteger(value.steps) &&
    numbersIn(value.position, 'seed', 'epoch', 'batch', 'sum', 'count'),
);

const endless = kindOf<number>('Infinity', (value) => value === Infinity, 'options/range');

/** How they are read. */
export const fitOptions = {
  ...trainerOptions,
  data: required({ ...batchesKind, like: 'batches' }),
  epochs: optional(either(whole({ low: 1 }), endless)),
  steps: optional(either(whole({ low: 1 }), endless)),
  validate: optional(validateKind),
  every: optional(whole({ low: 1 })),
  callbacks: optional(listOf(callbackKind), []),
  seed: optional(seedKind, 0),
  resume: optional(resumeKind),
  yieldEvery: optional(number({ low: 0, high: Infinity }), 16),
  signal: optional(
    kindOf<{ readonly aborted: boolean }>(
      'an AbortSignal',
      (value) => typeof (value as { aborted?: unknown } | null)?.aborted === 'boolean',
    ),
  ),
} satisfies SpecificationOf<FitOptions<unknown, unknown>>;

/** What a function of the user's returned for `data`. */
export const returnedBatches = kindOf<FitData<unknown>>('batches to go through, such as an array', isIterable);

export const validatedKind = kindOf<Validated>(
  'a number, or a record of numbers with one of the name loss',
  (value) =>
    typeof value === 'number' || (numbersIn(value, 'loss') && numbersIn(value, ...Object.keys(value as object))),
);

/** Used in the checks of what callbacks measure. */
export const measuredKind = kindOf<Readonly<Record<string, number>>>('a record of numbers', (value) =>
  numbersIn(value, ...Object.keys(Object(value))),
);
