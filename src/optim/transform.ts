import type { Tuple } from '../base/tuple';
import { noGrad } from '../tensor/no-grad';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';

/**
 * A rule that turns gradients into updates (optax's contract, D5). Pure: the same inputs give the same outputs, inputs
 * stay valid, and everything that must survive to the next step is in the state, a tree of tensors, numbers and
 * strings. A leaf that is absent from `grads` or from the result means "no update" for that parameter.
 */
export interface GradientTransform<S> {
  /** For messages. */
  readonly name?: string;
  /** The state before the first update. */
  init(params: Params): S;
  /** One step: what to add to the parameters, or the gradients of the next part, and the state after it. */
  update(grads: Params, state: S, params: Params): [updates: Params, state: S];
  /** The update and every tensor of the state are linear in the gradients, so a linear map may be applied to the state. */
  readonly linear?: boolean;
  /**
   * Leaves may be passed one at a time: the update of a leaf and its part of the state depend on the gradient, the state
   * and the parameter of this leaf alone, and on counts that every update moves alike. Then the trainer updates each
   * parameter as soon as its gradient is complete, and no record of all gradients exists.
   */
  readonly leafwise?: boolean;
  /** How each parameter is treated, for `explain`; only transforms that treat some differently say so. */
  explain?(params: Params): readonly Treatment[];
}

/** One parameter as one transform treats it. */
export interface Treatment {
  /** Of the parameter. */
  readonly path: string;
  /** Whether its state lives in a subspace. */
  readonly compressed: boolean;
  /** Which dimension is compressed; null where none is. */
  readonly side: 'left' | 'right' | 'both' | null;
  /** Dimension of the subspace; null where there is none. */
  readonly rank: number | null;
  /** The projector, or why the parameter stays dense. */
  readonly reason: string;
}

/**
 * A transform whose `update` frees its temporaries and is never recorded. Gradients without any leaf are no step at
 * all: the state stays as it is, and with it every count of steps.
 */
export function transform<S>(definition: GradientTransform<S>): GradientTransform<S> {
  return {
    ...definition,
    update: (grads, state, params) =>
      Object.keys(grads).length === 0 ? [{}, state] : noGrad(() => definition.update(grads, state, params)),
  };
}

/** As `mapParams`, for an `f` that makes `count` tensors of a leaf in one pass: a record of the first ones, of the second … */
export function mapParamsTo<N extends number>(
  count: N,
  leaves: Params,
  f: (leaf: Tensor, path: string) => Tuple<N, Tensor>,
): Tuple<N, Params> {
  const made = Object.entries(leaves).map(([path, leaf]) => [path, runInScope(path, () => f(leaf, path))] as const);
  const record = (i: number): Params => Object.fromEntries(made.map(([path, all]) => [path, all[i] as Tensor]));
  return Array.from({ length: count }, (_, i) => record(i)) as unknown as Tuple<N, Params>;
}

/** Apply `f` to each leaf, one after the other, so that only one leaf's temporaries live at a time. The paths stay. */
export function mapParams<T>(
  leaves: Readonly<Record<string, T>>,
  f: (leaf: T, path: string) => Params[string],
): Params {
  return Object.fromEntries(
    Object.entries(leaves).map(([path, leaf]) => [path, runInScope(path, () => f(leaf, path))]),
  );
}
