import { checkArgument, kindOf, refuseExtra, string } from '../base/options';
import { checkTensor } from '../tensor/check';
import type { Tensor } from '../tensor/tensor';
import type { Projection } from './projector';

/** The state of one compressed parameter: of the projection `P`, the inner transform `S`, and what a combine keeps, `O`. */
export interface CompressedLeaf<P, S, O = undefined> {
  /** Draws of the projection after the first; −1 where the projector looks at gradients and has not seen one. */
  readonly refreshes: number;
  /** Plain data from which the projection in use is made. */
  readonly projection: P;
  /** State of the inner transform, in the compressed shape. */
  readonly inner: S;
  /** What the combine keeps for itself: a refresh leaves it as it is. Absent where the combine has no `init`. */
  readonly own: O;
  /** The step of each interval in which a refresh is due. Absent unless refreshes are staggered: then it is step 0. */
  readonly phase?: number;
  /** The inner transform has not yet all gradients of its mean: until then the projection stays. Only where it has a `pool`. */
  readonly waiting?: true;
}

/** How a refresh differs from the usual one. */
export interface RefreshOptions {
  /** 1 takes the refresh of the next step already now, as code does that counts its steps from 1 (default 0). */
  readonly ahead?: 0 | 1;
  /** What the projector looks at in place of the gradient of this step. */
  readonly gradient?: Tensor;
}

/** The four moves of one step on one parameter, for a `Combine` to make. */
export interface Moves<L> {
  /** If one is due, a new projection, and the inner state carried to it as `onRefresh` says; else the same leaf. */
  refresh(leaf: L, options?: RefreshOptions): L;
  /** G [n, m] → C, by the projection of the leaf. */
  down(leaf: L, gradient: Tensor): Tensor;
  /** One update of the inner transform in the compressed space: what it makes of C, and the leaf with its next state. */
  inner(leaf: L, compressed: Tensor): [transformed: Tensor, leaf: L];
  /** C → [n, m], by the projection of the leaf. */
  up(leaf: L, compressed: Tensor): Tensor;
}

/** One step of one compressed parameter, whatever projects it: a function that makes the moves. */
export interface Combine<S, O = undefined> {
  /** The update in the shape of the gradient, and the leaf after the step. */
  <P extends Projection>(
    gradient: Tensor,
    leaf: CompressedLeaf<P, S, O>,
    moves: Moves<CompressedLeaf<P, S, O>>,
    path: string,
  ): [update: Tensor, leaf: CompressedLeaf<P, S, O>];
  /** The first value of `leaf.own`. Only a combine with state of its own, such as the norm of the last update, has this. */
  init?(parameter: Tensor): O;
}

const leafKind = kindOf<CompressedLeaf<unknown, unknown>>('the state of one compressed parameter', (value) =>
  ['refreshes', 'projection', 'inner'].every((name) => Object.hasOwn((value ?? {}) as object, name)),
);

const movesKind = kindOf<Moves<unknown>>('the moves { refresh, down, inner, up } of one parameter', (value) =>
  ['refresh', 'down', 'inner', 'up'].every(
    (name) => typeof ((value ?? {}) as Readonly<Record<string, unknown>>)[name] === 'function',
  ),
);

/** Check what a combine of the library was called with; the path may be left out. */
export function checkCombine(where: string, given: ArrayLike<unknown>): void {
  if (given.length > 4) refuseExtra(where, given, 4);
  checkTensor(where, given[0]);
  checkArgument(where, 'leaf', leafKind, given[1]);
  checkArgument(where, 'moves', movesKind, given[2]);
  if (given[3] !== undefined) checkArgument(where, 'path', string, given[3]);
}
