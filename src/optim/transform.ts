import { OptionError, StateError } from '../base/errors';
import { callable, checkArgument, inMessage, isPlainObject, type Kind, kindOf, refuseExtra } from '../base/options';
import { noGrad } from '../tensor/derivatives/no-grad';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/**
 * A rule that turns gradients into updates (optax's contract, D5). Pure: the same inputs give the same outputs, inputs
 * stay valid, and everything that must survive to the next step is in the state, a tree of tensors, numbers and
 * strings. That makes it safe to call `update` twice from one state, to save a state, and to run a transform inside another
 * one, as `compress` does. A leaf that is absent from `grads` or from the result means "no update" for that parameter.
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
   * The factor by which an update multiplies what the state holds of the past, where that is one number: β of a momentum.
   * `compress` tells from it whether momentum that it carries to new projections stays bounded.
   */
  readonly decay?: number;
  /**
   * Leaves may be passed one at a time: the update of a leaf and its part of the state depend on the gradient, the state
   * and the parameter of this leaf alone, and on counts that every update moves alike. Then the trainer updates each
   * parameter as soon as its gradient is complete, and no record of all gradients exists.
   */
  readonly leafwise?: boolean;
  /**
   * Only where the update is a mean over several gradients: of all ranks, and of several steps, of which all but the last
   * return no leaf. It takes updates of several states at once, which are of different leaves, so that their sums travel as
   * one; `update` is the same with one. What goes past such a transform is of one gradient alone, so `compress` around it
   * takes nothing of the gradient but what went down. That there is no gradient it is told as well: others may have some.
   */
  pool?(given: readonly (readonly [grads: Params, state: S])[], params: Params): [updates: Params, state: S][];
  /** How each parameter is treated, for `explain`; only transforms that treat some differently say so. */
  explain?(params: Params): readonly Treatment[];
  /**
   * The same transform, one that shows each gradient that it compresses, for `observeCompression`. Only transforms that
   * compress have this; the one without has no step more for it.
   */
  observed?(see: (compressed: CompressedGradient) => void): GradientTransform<S>;
}

/** The gradients of an update, and the state before it. */
export type Given<S> = readonly [grads: Params, state: S];

/** What went down to a subspace in one step, and by which maps. Its tensors live during the call that shows them. */
export interface CompressedGradient {
  /** The parameter's path. */
  readonly path: string;
  /** Steps that the compressing transform took before this one: it counts from 0, and on after a resume. */
  readonly step: number;
  /** The projector's name. */
  readonly projector: string;
  /** Which dimension is compressed. */
  readonly side: 'left' | 'right' | 'both';
  /** Rows of the projection. */
  readonly rank: number;
  /** Draws of this parameter's projection before the one in use. */
  readonly refreshes: number;
  /** What was compressed [n, m]: the gradient as the parts before have left it. */
  readonly gradient: Tensor;
  /** What it came to. */
  readonly compressed: Tensor;
  /** [n, m] → compressed, by the projection in use. */
  down(gradient: Tensor): Tensor;
  /** Compressed → [n, m], by the projection in use. */
  up(compressed: Tensor): Tensor;
}

/** What a gradient transform is. */
export const transformKind: Kind<GradientTransform<unknown>> = {
  ...kindOf<GradientTransform<unknown>>(
    'a gradient transform such as adam({ learningRate: 1e-3 }), called with its options',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      typeof (value as { init?: unknown }).init === 'function' &&
      typeof (value as { update?: unknown }).update === 'function',
  ),
  like: 'adam({ learningRate: 1e-3 })',
  fix: (value) =>
    typeof value === 'function' ? `call it with its options: ${value.name || 'make'}({ … })` : undefined,
};

/** One parameter as one transform treats it. */
export interface Treatment {
  /** The parameter's path. */
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
  if (arguments.length > 1) refuseExtra('transform', arguments, 1);
  checkArgument('transform', 'definition', transformKind, definition);
  const where = definition.name ?? 'transform';
  const { pool } = definition;
  return {
    ...definition,
    ...(pool && { pool: (given, params) => noGrad(() => pool(given, params)) }),
    init(params) {
      if (arguments.length > 1) refuseExtra(`${where}.init`, arguments, 1);
      checkLeaves(`${where}.init`, 'params', params);
      return definition.init(params);
    },
    update(grads, state, params) {
      if (arguments.length > 3) refuseExtra(`${where}.update`, arguments, 3);
      checkLeaves(`${where}.update`, 'grads', grads);
      checkRecord(`${where}.update`, 'params', params);
      if (typeof state !== 'object' || state === null) throw noState(where, state);
      return Object.keys(grads).length === 0 && !pool
        ? [{}, state]
        : noGrad(() => definition.update(grads, state, params));
    },
  };
}

/** @throws OptionError `options/type` */
export function checkRecord(where: string, name: string, leaves: unknown): void {
  if (isPlainObject(leaves) && !isTensor(leaves)) return;
  throw notLeaves(where, name, inMessage(leaves));
}

/** Named tensors, and nothing else. @throws OptionError `options/type` */
export function checkLeaves(where: string, name: string, leaves: unknown): void {
  checkRecord(where, name, leaves);
  const record = leaves as Readonly<Record<string, unknown>>;
  for (const path of Object.keys(record)) checkLeaf(where, name, path, record[path]);
}

/** @throws OptionError `options/type` */
export function checkLeaf(where: string, name: string, path: string, leaf: unknown): void {
  if (!isTensor(leaf)) throw notLeaves(where, name, `${inMessage(leaf)} under "${path}"`);
}

function notLeaves(where: string, name: string, got: string): OptionError {
  return new OptionError({
    code: 'options/type',
    got: `${where} got ${name} = ${got}`,
    expected: 'a record of tensors by path, such as model.parameters() or { weight: zeros([2, 3]) }',
    fix: `pass another ${name}`,
  });
}

function noState(where: string, state: unknown): StateError {
  return new StateError({
    code: 'optimizer/state',
    got: `${where}.update got the state ${inMessage(state)}`,
    expected: 'what init, or the update before, returned',
    fix: 'start with init(params), and hand the second value of update to the next one',
  });
}

/** Apply `f` to each leaf, one after the other, so that only one leaf's temporaries live at a time. The paths stay. */
export function mapParams<T>(
  leaves: Readonly<Record<string, T>>,
  f: (leaf: T, path: string) => Params[string],
): Params {
  if (arguments.length > 2) refuseExtra('mapParams', arguments, 2);
  checkRecord('mapParams', 'leaves', leaves);
  checkArgument('mapParams', 'f', callable('of a leaf and its path'), f);
  return Object.fromEntries(
    Object.entries(leaves).map(([path, leaf]) => {
      const made = runInScope(path, () => f(leaf, path));
      checkLeaf('mapParams', 'the result of f', path, made);
      return [path, made];
    }),
  );
}
