import { BackendError, checkOptions, OptionError, StateError } from '../base/errors';
import { fold, type Key, key } from '../base/key';
import { applyUpdates } from '../optim/apply-updates';
import type { GradientTransform } from '../optim/transform';
import { makeResident } from '../tensor/assign';
import { debugging } from '../tensor/debug';
import { valueAndGrad } from '../tensor/grad';
import { inPhase } from '../tensor/profile';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import type { Module } from './module';
import { Residents } from './residents';

/** What to train, on which loss, and how. */
export interface TrainerOptions<S, Batch> {
  /** Train the trainable parameters of a model … */
  readonly model?: Module;
  /** … or these tensors. */
  readonly params?: Params;
  /**
   * From gradients to updates: a named optimizer such as `adam`, or a chain. It sees all parameters of the model, also
   * those that get no gradient, and may return updates for them: `periodicLora` does.
   */
  readonly transform: GradientTransform<S>;
  /** The scalar to minimise. The key is new in every step; pass it to `forward` for dropout. */
  readonly loss: (batch: Batch, options: { readonly key: Key }) => Tensor;
  /** Everything random in a step is a function of this seed and the number of the step. */
  readonly seed: number;
  /** Go on where another trainer stopped: its state and its number of steps. */
  readonly resume?: {
    /** The other trainer's `state`. */
    readonly state: NoInfer<S>;
    /** The other trainer's `steps`. */
    readonly steps: number;
  };
}

/** A training loop, one step at a time. */
export interface Trainer<S, Batch> {
  /**
   * One step of training. `loss` is a number where the backend can read at once, else a promise of one.
   *
   * Where the transform is `leafwise`, each parameter is updated during the backward pass, as soon as its gradient is
   * complete: the same bits for less memory. An exception in the backward pass or in the transform then leaves the
   * parameters that it has passed updated, in a step that is not counted; with `debug({ nonFinite: true })`, which may
   * stop anywhere, all updates wait for the whole record of gradients.
   * @throws StateError `trainer/non-finite-loss`, before parameters or state have changed. Where the loss is a promise,
   * it rejects, and the step has been taken.
   */
  step(batch: Batch): {
    /** Before the update. */
    loss: number | Promise<number>;
  };
  /** State of the transform. Its tensors are the same objects in every step. */
  readonly state: S;
  /** Steps taken. */
  readonly steps: number;
  /** The parameters that are trained. */
  readonly parameters: Params;
}

/**
 * A training loop's step: loss, gradients, updates, assignment. Parameters and state stay on the device, and
 * everything else that a step makes is freed when it ends. A transform that is `leafwise`, as all named optimizers are,
 * never has more than one parameter's gradient in memory.
 * @throws OptionError `trainer/parameters` without a model or parameters, or with both
 * @example
 * const model = new Linear(1, 1, { key: random.key(0) });
 * const loss = ({ x, y }: { x: Tensor; y: Tensor }) => mseLoss(model.forward(x), y);
 * const training = trainer({ model, transform: sgd({ learningRate: 0.1 }), loss, seed: 0 });
 * const batch = { x: tensor([[0], [1], [2]]), y: tensor([[1], [3], [5]]) };
 * for (let step = 0; step < 500; step++) training.step(batch);
 * console.log((await model.weight.item()).toFixed(2), (await model.bias?.item())?.toFixed(2)); // prints 2.00 1.00
 */
export function trainer<S, Batch>(options: TrainerOptions<S, Batch>): Trainer<S, Batch> {
  checkOptions('trainer', options, ['model', 'params', 'transform', 'loss', 'seed', 'resume']);
  const { model, params, transform, loss, seed, resume } = options;
  const parameters = params ?? model?.parameters({ trainable: true });
  if (!parameters || (params && model)) throw oneOfBoth();
  const root = key(seed);
  const owned = { ...model?.parameters(), ...parameters };
  for (const tensor of Object.values(owned)) makeResident(tensor);
  const residents = new Residents();
  let state = runInScope('trainer', () => residents.write(resume?.state ?? transform.init(parameters)));
  let steps = resume?.steps ?? 0;
  const named = Object.values(parameters);
  const leafwise = transform.leafwise === true && new Set(named).size === named.length; // no tensor under two paths

  /** All gradients first, then all updates. */
  const together = (evaluate: () => Tensor): number | Tensor => {
    const { value, grads } = valueAndGrad(evaluate, parameters);
    const known = checkNow(value, steps);
    inPhase('optimizer', null, () => {
      const [updates, next] = transform.update(grads, state, owned);
      applyUpdates(owned, updates);
      state = residents.write(next);
    });
    return known ?? value;
  };

  /** Each leaf on its own from the state before the step, while its gradient is hot in the cache. */
  const inTurns = (evaluate: () => Tensor): number | Tensor => {
    const before = state;
    const after = residents.update(before);
    let known: number | null | undefined;
    let evaluated!: Tensor;
    const { value } = valueAndGrad(
      () => {
        evaluated = evaluate();
        return evaluated;
      },
      parameters,
      {
        sink(path, gradient) {
          if (known === undefined) known = checkNow(evaluated, steps);
          inPhase('optimizer', null, () => {
            const [updates, next] = transform.update({ [path]: gradient }, before, owned);
            applyUpdates(owned, updates);
            after.add(next);
          });
        },
      },
    );
    if (known === undefined) known = checkNow(value, steps); // without parameters
    state = after.state;
    return known ?? value;
  };

  return {
    step(batch) {
      const taken = runInScope('trainer.step', () => {
        const stepKey = fold(root, 'step', steps);
        const take = leafwise && !debugging.nonFinite ? inTurns : together;
        return take(() => loss(batch, { key: stepKey }));
      });
      const step = steps++;
      return { loss: typeof taken === 'number' ? taken : taken.item().then((late) => checkLoss(late, step)) };
    },
    get state() {
      return state;
    },
    get steps() {
      return steps;
    },
    parameters,
  };
}

/** The value of a scalar, or null where the backend can only promise it. */
function readNow(scalar: Tensor): number | null {
  try {
    return scalar.dataSync()[0] as number;
  } catch (error) {
    if (error instanceof BackendError && error.code === 'read/sync') return null;
    throw error;
  }
}

/** As `readNow`, where a loss that is known must be finite. */
function checkNow(loss: Tensor, step: number): number | null {
  const known = readNow(loss);
  return known === null ? null : checkLoss(known, step);
}

function checkLoss(loss: number, step: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new StateError({
    code: 'trainer/non-finite-loss',
    got: `the loss of step ${step} is ${loss}`,
    expected: 'a finite number',
    fix: 'lower the learning rate or clip the gradients; debug({ nonFinite: true }) names the first op that made it',
  });
}

function oneOfBoth(): OptionError {
  return new OptionError({
    code: 'trainer/parameters',
    got: 'trainer got a model and params, or neither of them',
    expected: 'one of the two',
    fix: 'pass { model } to train its trainable parameters, or { params } to choose them',
  });
}
