import { backend } from '../backend/current';
import { fold, type Key, key } from '../base/key';
import { readOptionsOf, refuseExtra } from '../base/options';
import { BufferUpdates } from '../nn/buffer';
import { sumsOf } from '../optim/apply-updates';
import { assignAll, makeResident, type Write } from '../tensor/assign';
import { checkParams } from '../tensor/check';
import { valueAndGrad } from '../tensor/derivatives/grad';
import { noGrad } from '../tensor/derivatives/no-grad';
import { debugging } from '../tensor/inspect/debug';
import { inPhase } from '../tensor/inspect/profile';
import { free } from '../tensor/lifetime';
import { currentScope, keep, runInScope, type Scope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import { showTo } from './observe';
import { Residents } from './residents';
import { checkLoss, checkNow, nothingToTrain, oneOfBoth, type Spoiled, tooEarly, unusable } from './trainer-errors';
import { takeGradients } from './trainer-gradients';
import { type TrainerOptions, trainerOptions } from './trainer-options';
import { unchanged } from './unchanged';

/** What a step returns. */
export interface StepLoss {
  /** The loss before the update. */
  readonly loss: number | Promise<number>;
}

/** A training loop, one step at a time. */
export interface Trainer<S, Batch> {
  /**
   * One step of training. `loss` is a number where the backend can read at once, else a promise of one.
   *
   * What throws before anything has moved (the loss, a non-finite value of it, the first gradient) leaves parameters,
   * buffers, state and `steps` as they were, and the next step may be taken. So does everything else where the whole
   * record of gradients is updated at once: with `atomic`, and with every transform that is not `leafwise`.
   *
   * A `leafwise` transform updates each parameter during the backward pass, as soon as its gradient is complete: the same
   * bits for less memory. An exception after the first of them leaves some parameters updated and others not. From then
   * on the trainer is unusable: it throws `trainer/unusable` at every step, and so does its `state`. Load a checkpoint and
   * make a new trainer with `resume`. With `debug({ nonFinite: true })`, which may stop anywhere, a step is taken whole.
   * @throws StateError `trainer/non-finite-loss`, before anything has moved. Where the loss is a promise, it rejects: with
   *   `atomic` the step is not taken; otherwise it has been, with a loss that is not finite, and the trainer is unusable.
   * @throws StateError `trainer/model-changed` where the model has other tensors than when the trainer was made
   * @throws StateError `trainer/unusable`, `trainer/pending`
   * @throws OptionError, ShapeError `trainer/evaluate`, `trainer/gradients` for what `gradients` does
   */
  step(batch: Batch): StepLoss;
  /** A step of a loss that takes no batch. */
  step(...nothing: undefined extends Batch ? [] : [batch: Batch]): StepLoss;
  /** State of the transform. Its tensors are the same objects in every step. @throws StateError `trainer/unusable` */
  readonly state: S;
  /** Steps taken. */
  readonly steps: number;
  /** The parameters that are trained. */
  readonly parameters: Params;
}

/**
 * A training loop's step: loss, gradients, updates, assignment. Parameters and state stay on the device, and
 * everything else that a step makes is freed when it ends. A transform that is `leafwise`, as all named optimizers are,
 * never has more than one parameter's gradient in memory, except on a backend that `batchesUpdates`.
 * @throws OptionError `trainer/parameters` without a model or parameters, with both, or with nothing to train
 * @example
 * const model = new Linear(1, 1, { key: random.key(0) });
 * const loss = ({ x, y }: { x: Tensor; y: Tensor }) => mseLoss(model.forward(x), y);
 * const training = trainer({ model, transform: sgd({ learningRate: 0.1 }), loss, seed: 0 });
 * const batch = { x: tensor([[0], [1], [2]]), y: tensor([[1], [3], [5]]) };
 * for (let step = 0; step < 500; step++) training.step(batch);
 * console.log((await model.weight.item()).toFixed(2), (await model.bias?.item())?.toFixed(2)); // prints 2.00 1.00
 */
export function trainer<S, Batch>(options: TrainerOptions<S, Batch>): Trainer<S, Batch> {
  if (arguments.length > 1) refuseExtra('trainer', arguments, 1);
  const read = readOptionsOf<TrainerOptions<S, Batch>, typeof trainerOptions>('trainer', trainerOptions, options);
  const { model, params, transform, loss, seed, resume, atomic, gradients, observe } = read;
  if (params) checkParams('trainer', 'params', params);
  const parameters = params ?? model?.parameters({ trainable: true });
  if (!parameters || (params && model)) throw oneOfBoth();
  if (Object.keys(parameters).length === 0) throw nothingToTrain(model);
  const root = key(seed);
  const owned = { ...model?.parameters(), ...parameters };
  for (const tensor of Object.values({ ...model?.state(), ...parameters })) makeResident(tensor);
  const checkUnchanged = unchanged(model ?? parameters);
  const residents = new Residents();
  let state = runInScope('trainer', () => residents.write(resume?.state ?? transform.init(parameters)));
  let steps = resume?.steps ?? 0;
  let spoiled: Spoiled | undefined;
  /** A step that is taken when its loss is known. */
  let pending = false;
  const named = Object.values(parameters);
  const leafwise = transform.leafwise === true && new Set(named).size === named.length; // no tensor under two paths

  /** All gradients first, then all updates, then one assignment of everything. */
  const together = (evaluate: () => Tensor, buffers: BufferUpdates, stepKey: Key): Taken => {
    const lossNow = (first = true): Tensor => (first ? buffers.during(evaluate) : evaluate());
    // Gradients are freed with the scope, apart from those that a transform returns as updates.
    const { value, known, updates, next } = runInScope('trainer.step', () => {
      const { value, grads } = gradients
        ? takeGradients(gradients, { loss: lossNow, parameters, owned }, { state, step: steps, key: stepKey })
        : valueAndGrad(lossNow, parameters);
      const known = checkNow(value, steps);
      const [updates, next] = inPhase('optimizer', null, () => transform.update(grads, state, owned));
      showTo(observe, { step: steps, gradients: grads, updates, parameters });
      return { value, known, updates, next };
    });
    const after = residents.update<S | undefined>(undefined);
    const writes = inPhase('optimizer', null, () =>
      noGrad(() => [...after.stage(next), ...sumsOf(owned, updates), ...buffers.writes]),
    );
    const assign = (sources: readonly Write[]): void => {
      assignAll(sources);
      state = after.state as S;
      steps++;
    };
    if (known === null && atomic) return { late: value, writes: writes.map(([to, from]) => [to, keep(from)]), assign };
    assign(writes);
    return known ?? { late: value };
  };

  /** Each leaf on its own from the state before the step, while its gradient is hot in the cache. */
  const inTurns = (evaluate: () => Tensor, buffers: BufferUpdates): Taken => {
    const before = state;
    const after = residents.update(before);
    const step = steps;
    let known: number | null | undefined;
    let evaluated!: Tensor;
    let moved = false;
    const assign = (staged: () => Write[]): void => {
      noGrad(() => assignAll(staged()));
      moved = true;
    };
    try {
      const { value } = valueAndGrad(
        () => {
          evaluated = buffers.during(evaluate);
          return evaluated;
        },
        parameters,
        {
          sink(path, gradient) {
            if (known === undefined) known = checkNow(evaluated, step);
            inPhase('optimizer', null, () => {
              const grads = { [path]: gradient };
              const [updates, next] = transform.update(grads, before, owned);
              showTo(observe, { step, gradients: grads, updates, parameters });
              assign(() => [...after.stage(next), ...sumsOf(owned, updates)]);
            });
          },
        },
      );
      assign(() => buffers.writes);
      state = after.state;
      steps++;
      return known ?? { late: value };
    } catch (error) {
      if (moved) spoiled = { error, step };
      throw error;
    }
  };

  /** A loss that is known later than its step. */
  const laterLoss = (step: number, { late, writes, assign }: Late): Promise<number> => {
    const loss = late.item().then((x) => checkLoss(x, step));
    if (!writes) {
      return loss.catch((error: unknown) => {
        spoiled ??= { error, step };
        throw error;
      });
    }
    pending = true;
    return loss
      .then((x) => {
        assign?.(writes);
        return x;
      })
      .finally(() => {
        pending = false;
        for (const [, { value }] of writes) if (value.freedBy === null) free(value, 'trainer.step');
      });
  };

  return {
    step(batch?: Batch) {
      if (arguments.length > 1) refuseExtra('step', arguments, 1);
      if (spoiled) throw unusable(spoiled);
      if (pending) throw tooEarly();
      const step = steps;
      const taken = runInScope('trainer.step', () => {
        const stepKey = fold(root, 'step', step);
        const buffers = new BufferUpdates(currentScope() as Scope);
        const oneByOne = leafwise && !atomic && !gradients && !debugging.nonFinite && !backend().batchesUpdates;
        const take = oneByOne ? inTurns : together;
        const evaluate = (): Tensor => {
          const value = loss(batch as Batch, { key: stepKey });
          checkUnchanged();
          return value;
        };
        return take(evaluate, buffers, stepKey);
      });
      return { loss: typeof taken === 'number' ? taken : laterLoss(step, taken) };
    },
    get state() {
      if (spoiled) throw unusable(spoiled);
      return state;
    },
    get steps() {
      return steps;
    },
    parameters,
  };
}

/** The loss, or what is left to do when it is known. */
type Taken = number | Late;
interface Late {
  readonly late: Tensor;
  /** Values that are not assigned yet and that no scope owns. */
  readonly writes?: readonly Write[];
  assign?(writes: readonly Write[]): void;
}
