import { type Key, seedKind } from '../base/key';
import { boolean, callable, kindOf, optional, required, type SpecificationOf } from '../base/options';
import { moduleKind } from '../nn/kinds';
import type { Module } from '../nn/module';
import { type GradientTransform, transformKind } from '../optim/transform';
import { paramsKind } from '../tensor/kinds';
import type { Params, Tensor } from '../tensor/tensor';
import type { Observer } from './observe';
import type { Gradients } from './trainer-gradients';

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
  /**
   * A step is taken whole or not at all, whatever throws in it (default false: with a transform that is `leafwise`, an
   * exception midway makes the trainer unusable). All gradients, updates and new states are then alive at once. Where
   * the loss is a promise, the step is taken when that resolves, and the next one has to wait for it.
   */
  readonly atomic?: boolean;
  /**
   * How gradients are taken, for methods that evaluate the loss more than once in a step, elsewhere than at the parameters,
   * or without a derivative: `evaluate()` gives loss and gradients, `evaluate({ at: { w } })` those with another w,
   * `evaluate({ grads: false })` the loss alone. Default: `(evaluate) => evaluate().grads`. With it all gradients are
   * updated together, also by a transform that is `leafwise`, and a step is taken whole or not at all.
   */
  readonly gradients?: Gradients<NoInfer<S>>;
  /**
   * Look at gradients and updates while they live. It is called before the update is assigned, once a step, or, with a
   * transform that is `leafwise`, once for each parameter with this one alone, in the order in which gradients are
   * complete; so it costs no memory. With `gradients` or `atomic` it is once a step. What it throws is an exception of the
   * step. Where the loss is a promise, it sees the step before it is known whether the loss is finite.
   */
  readonly observe?: Observer;
}

const resumeKind = kindOf<{ readonly state: unknown; readonly steps: number }>(
  '{ state, steps } of another trainer',
  (value) => {
    const { state, steps } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return typeof state === 'object' && state !== null && Number.isSafeInteger(steps) && (steps as number) >= 0;
  },
);

/** How they are read. */
export const trainerOptions = {
  model: optional(moduleKind),
  params: optional(paramsKind),
  transform: required(transformKind),
  loss: required({ ...callable('of a batch that returns a scalar tensor'), like: '(batch) => …' }),
  seed: required(seedKind),
  resume: optional(resumeKind),
  atomic: optional(boolean, false),
  gradients: optional(callable<Gradients<unknown>>('of evaluate and the parameters that returns gradients by path')),
  observe: optional(callable<Observer>('of what a step has made')),
} satisfies SpecificationOf<TrainerOptions<unknown, unknown>>;
