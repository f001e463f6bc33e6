import { OptionError, StateError } from '../base/errors';
import { checkArgument, isThenable, readOptionsOf, refuseExtra } from '../base/options';
import { yieldToEventLoop } from '../base/yield-to-event-loop';
import { callbackOf, type FitCallback, type FitCheckpoint, type FitEvent, type FitRun } from './fit-callback';
import {
  type FitData,
  type FitOptions,
  fitOptions,
  measuredKind,
  type Position,
  type Resume,
  returnedBatches,
  validatedKind,
} from './fit-options';
import { loadValues, valuesOf } from './load-values';
import type { Observation } from './observe';
import { type Trainer, trainer } from './trainer';
import { validate as meanLoss } from './validate';

/** What `fit` has done. */
export interface FitResult<S, Batch> {
  /** Steps taken in total, those before `resume` included. */
  readonly steps: number;
  /** Epochs that were gone through to their end. */
  readonly epochs: number;
  /** The loss of each step of this call. */
  readonly losses: readonly number[];
  /** The reports of this call. */
  readonly history: readonly FitEvent[];
  /** The trainer, with the state of the transform. */
  readonly trainer: Trainer<S, Batch>;
  /** Why it ended: 'epochs', 'steps', 'signal', or the name of the callback that said 'stop'. */
  readonly stopped: string;
  /** All that `resume` needs to go on from here. */
  checkpoint(): FitCheckpoint;
}

/**
 * Train: a `trainer` in a loop over epochs and batches, with reports, validation and callbacks. Everything else of `trainer` holds;
 * each loss is waited for, so that a loss which is a promise is one too. Batches are not freed here: the garbage collector
 * has those that an iterator makes.
 *
 * A training that goes on from a checkpoint (`resume`) takes the same steps, bit for bit on one build of the kernels, as
 * one that was never stopped. For reports this holds of checkpoints that the last of the callbacks takes, by `run.checkpoint()`;
 * that of the result comes after a report of its own.
 * @throws OptionError `fit/no-batches`, `fit/resume`, `fit/validation`, and those of `trainer`
 * @throws StateError those of `trainer`; `trainer/non-finite-loss` also names the epoch
 * @example
 * const model = new Linear(1, 1, { key: random.key(0) });
 * const loss = ([x, y]: readonly [Tensor, Tensor]) => mseLoss(model.forward(x), y);
 * const data = [[tensor([[0], [1]]), tensor([[1], [3]])] as const, [tensor([[2]]), tensor([[5]])] as const];
 * const validate = { data: [[tensor([[4]]), tensor([[9]])] as const], loss };
 * const { steps, history, stopped } = await fit({
 *   ...{ model, transform: adam({ learningRate: 0.1 }), loss, data, epochs: 100, validate },
 *   callbacks: [earlyStop({ patience: 5 }), keepBest()],
 * });
 * console.log(steps === 2 * history.length, stopped); // prints true earlyStop
 */
export async function fit<S, Batch>(options: FitOptions<S, Batch>): Promise<FitResult<S, Batch>> {
  if (arguments.length > 1) refuseExtra('fit', arguments, 1);
  const read = readOptionsOf<FitOptions<S, Batch>, typeof fitOptions>('fit', fitOptions, options);
  const { data, validate, every, seed, signal, yieldEvery } = read;
  const steps = read.steps ?? Infinity;
  const often = every ?? Infinity;
  const epochs = read.epochs ?? (read.steps === undefined ? 1 : Infinity);
  const callbacks = read.callbacks.map(callbackOf);
  const resume = read.resume as (typeof read.resume & Resume) | undefined;
  const saved = statesOf(callbacks, resume);
  if (resume && resume.position.seed !== seed) throw otherRun(`seed ${seed}`, `seed ${resume.position.seed}`);

  const holder = read.model ?? read.params;
  if (resume && holder) loadValues(holder, resume.parameters);
  const { model, params, transform, loss, atomic, gradients } = options;
  const observers = [options.observe, ...callbacks.map(({ observe }) => observe)].filter((each) => each !== undefined);
  const training = trainer<S, Batch>({
    ...{ transform, loss, seed },
    ...(model && { model }),
    ...(params && { params }),
    ...(atomic !== undefined && { atomic }),
    ...(gradients && { gradients }),
    ...(observers.length > 0 && {
      observe: (seen: Observation) => observers.map((look) => look(seen)).find(isThenable),
    }),
    ...(resume && { resume: { state: resume.state.trainer as S, steps: resume.steps } }),
  });

  const place: Changing<Position> = { seed, epoch: 1, batch: 0, sum: 0, count: 0, ...resume?.position };
  const stateful = isStateful(data) ? data : undefined;
  if (resume) stateful?.load(resume.position.data);
  const run: FitRun = {
    ...(model && { model }),
    parameters: training.parameters,
    ...{ epochs, steps, seed, resumed: training.steps, validates: validate !== undefined },
    checkpoint: () => ({
      parameters: valuesOf(model ?? training.parameters),
      state: { trainer: training.state, callbacks: statesNow(callbacks) },
      steps: training.steps,
      position: { ...place, ...(stateful && { data: stateful.state }) },
    }),
  };

  const begun = performance.now();
  const losses: number[] = [];
  const history: FitEvent[] = [];
  let values: Readonly<Record<string, number>> = {};
  let stopped = training.steps >= steps ? 'steps' : undefined;

  const tell = async (event: Omit<FitEvent, 'step' | 'seconds'>): Promise<FitEvent> => {
    const seconds = (performance.now() - begun) / 1000;
    const whole: FitEvent = { ...event, step: training.steps, seconds };
    for (const callback of callbacks) {
      if ((await callback.event?.(whole, run)) === 'stop') stopped ??= callback.name || 'callback';
    }
    return whole;
  };

  const takeStep = async (batch: Batch): Promise<void> => {
    const now = await lossOf(training, batch, place.epoch);
    losses.push(now);
    place.batch++;
    place.count++;
    place.sum += now;
    values = await measured(callbacks);
    await tell({ kind: 'step', epoch: place.epoch, loss: now, values });
  };

  const report = async (epoch: number): Promise<void> => {
    const { loss, ...others } = validate ? await validated(validate) : {};
    const mean = place.sum / place.count;
    [place.sum, place.count] = [0, 0];
    const validation = loss === undefined ? {} : { validationLoss: loss };
    history.push(await tell({ kind: 'report', epoch, loss: mean, ...validation, values: { ...values, ...others } }));
  };

  for (const callback of callbacks) await callback.start?.(run);
  for (const [callback, state] of saved) callback.load?.(state);
  if (place.count >= often) await report(place.epoch); // the checkpoint was taken between a step and its report
  while (stopped === undefined && place.epoch <= epochs) {
    const { epoch } = place;
    const done = stateful ? 0 : place.batch;
    let seen = 0;
    for await (const batch of batchesOf<Batch>(data, epoch)) {
      if (seen++ < done) continue;
      if (signal?.aborted) stopped = 'signal';
      else await takeStep(batch);
      if (stopped === undefined && place.count >= often) await report(epoch);
      if (training.steps >= steps) stopped ??= 'steps';
      if (stopped !== undefined) break;
      await yieldToEventLoop({ every: yieldEvery });
    }
    if (stopped !== undefined) break;
    if (seen === 0 && place.batch === 0) throw noBatches(epoch);
    place.epoch++;
    place.batch = 0;
    if (every === undefined && place.count > 0) await report(epoch);
  }
  stopped ??= 'epochs';
  if (place.count > 0 && (stopped === 'steps' || stopped === 'epochs')) await report(Math.min(place.epoch, epochs));
  for (const callback of callbacks) await callback.end?.(run, stopped);
  return {
    ...{ steps: training.steps, epochs: place.epoch - 1, losses, history, trainer: training, stopped },
    checkpoint: run.checkpoint,
  };
}

type Changing<T> = { -readonly [Name in keyof T]: T[Name] };

/** Data that know their place. */
interface Stateful {
  readonly state: unknown;
  load(state: unknown): void;
}

function isStateful(data: unknown): data is Stateful {
  return typeof (data as { load?: unknown }).load === 'function' && 'state' in Object(data);
}

function batchesOf<Batch>(data: FitOptions<unknown, Batch>['data'], epoch: number): FitData<Batch> {
  if (typeof data !== 'function') return data;
  const batches = data(epoch);
  checkArgument('fit', `the batches of epoch ${epoch}`, returnedBatches, batches);
  return batches;
}

async function lossOf<Batch>(training: Trainer<unknown, Batch>, batch: Batch, epoch: number): Promise<number> {
  try {
    return await training.step(batch).loss;
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== 'trainer/non-finite-loss') throw error;
    const { code, got, expected, fix } = error;
    throw new StateError({ code, got: `${got}, in epoch ${epoch}`, expected, fix }, { cause: error });
  }
}

async function measured(callbacks: readonly FitCallback[]): Promise<Readonly<Record<string, number>>> {
  const values: Record<string, number> = {};
  for (const callback of callbacks) {
    if (!callback.measure) continue;
    const more = await callback.measure();
    checkArgument('fit', `what ${callback.name ?? 'a callback'} measured`, measuredKind, more);
    Object.assign(values, more);
  }
  return values;
}

async function validated<Batch>(
  validate: Required<FitOptions<unknown, Batch>>['validate'],
): Promise<Readonly<Record<string, number>>> {
  if (typeof validate === 'function') {
    const found = await validate();
    checkArgument('fit', 'the result of validate', validatedKind, found);
    return typeof found === 'number' ? { loss: found } : found;
  }
  const { data, loss } = validate;
  return { loss: await meanLoss(loss, typeof data === 'function' ? data() : data) };
}

/** The states of callbacks by name, now. */
function statesNow(callbacks: readonly FitCallback[]): Record<string, unknown> {
  return Object.fromEntries(callbacks.flatMap(({ name, state }) => (state ? [[name ?? '', state()]] : [])));
}

/** Which callback goes on from which saved state. @throws OptionError `fit/resume` */
function statesOf(callbacks: readonly FitCallback[], resume: Resume | undefined): (readonly [FitCallback, unknown])[] {
  const withState = callbacks.filter(({ state }) => state);
  const names = withState.map(({ name }) => name ?? '');
  const said = (list: readonly string[]): string => `callbacks ${list.join(', ') || 'without state'}`;
  if (new Set(names).size < names.length) throw otherRun(said(names), 'a name of its own for each that has a state');
  if (!resume) return [];
  const { callbacks: states } = resume.state;
  const before = Object.keys(states);
  if ([...names].sort().join() !== [...before].sort().join()) throw otherRun(said(names), said(before));
  return withState.map((callback) => [callback, states[callback.name ?? '']]);
}

function otherRun(got: string, expected: string): OptionError {
  return new OptionError({
    code: 'fit/resume',
    got: `fit got ${got}`,
    expected,
    fix: 'resume with the seed and the callbacks that the training began with, each under a name of its own',
  });
}

function noBatches(epoch: number): OptionError {
  return new OptionError({
    code: 'fit/no-batches',
    got: `fit got no batch in epoch ${epoch}`,
    expected: 'at least one in each epoch',
    fix: 'pass an array, or a function (epoch) => batches: what a generator has made is gone after one epoch',
  });
}
