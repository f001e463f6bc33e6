import { OptionError } from '../base/errors';
import { fold, key, seedKind } from '../base/key';
import {
  callable,
  checkArgument,
  choice,
  either,
  kindOf,
  number,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
  string,
  whole,
} from '../base/options';
import { type Shape, sameShape, show } from '../base/shape';
import { divide } from '../optim/combinators/divide';
import type { EmaState } from '../optim/parts/ema';
import { type GradientTransform, type Treatment, transform, transformKind } from '../optim/transform';
import { checkTensor } from '../tensor/check';
import { zeros } from '../tensor/ops/create';
import { axpby } from '../tensor/ops/elementwise/axpby';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import { mapTensors } from '../tensor/tree';
import { type Filter, filterKind, matrixFilter, passes, treatments } from './filter';
import { compressedShape, type Projection, type Projector, projectorKind } from './projector';

/** What to compress, how far, and what runs in the compressed space. */
export interface CompressOptions<P extends Projection, S> {
  /** How gradients are projected: one of `projectors`, or one of your own. */
  readonly projector: Projector<P>;
  /** Rows of the projection. */
  readonly rank: number;
  /** The transform that runs in the compressed space, a `scaleBy…` part without parameters; dense leaves get it too. */
  readonly inner: GradientTransform<S>;
  /** κ in the paper: optimizer steps between new projections; Infinity for never. */
  readonly refreshEvery: number;
  /**
   * What a new projection does to the inner state: `transfer` carries it over by A_old·A_newᵀ (needs an inner transform
   * that is linear), `reset` starts again from zero, `keep` leaves the numbers as they are.
   */
  readonly onRefresh: 'transfer' | 'reset' | 'keep';
  /** How the output is made of the gradient and the compressed state (default `lift`). */
  readonly combine?: Combine<NoInfer<S>>;
  /** Which parameters are compressed (default: matrices whose smaller dimension is at least the rank). */
  readonly filter?: Filter;
  /** What all projections are drawn from (default 0). */
  readonly seed?: number;
}

/** Steps between new projections. */
export const interval = either(
  whole({ low: 1 }),
  kindOf<number>('Infinity for never', (value) => value === Infinity),
);

const compressOptions = {
  projector: required(projectorKind),
  rank: required(whole({ low: 1 })),
  inner: required(transformKind),
  refreshEvery: required(interval),
  onRefresh: required(choice('transfer', 'reset', 'keep')),
  combine: optional(callable('such as lift'), lift),
  filter: optional(filterKind),
  seed: optional(seedKind, 0),
} satisfies SpecificationOf<CompressOptions<Projection, unknown>>;

/** The state of one compressed parameter. */
export interface CompressedLeaf<P, S> {
  /** How often the projection was drawn anew. */
  readonly refreshes: number;
  /** Plain data from which the projection in use is made. */
  readonly projection: P;
  /** State of the inner transform, in the compressed shape. */
  readonly inner: S;
}

/** The state of `compress`. */
export interface CompressState<P, S> {
  /** Optimizer steps done. */
  readonly step: number;
  /** What each compressed parameter keeps, by path. */
  readonly leaves: Readonly<Record<string, CompressedLeaf<P, S>>>;
  /** Inner state of all parameters that are not compressed. */
  readonly dense: S;
}

/** The moves of one step on one parameter, in whatever order a `Combine` wants them. */
export interface Moves<L> {
  /** Draw a new projection if `ahead` steps from now one is due. */
  refresh(leaf: L, ahead: 0 | 1): L;
  /** down, then the inner transform: its compressed output and the new leaf. */
  advance(leaf: L): [compressed: Tensor, leaf: L];
  /** up: from the leaf's subspace to the full shape. */
  lift(leaf: L, compressed: Tensor): Tensor;
}

/** One step of one compressed parameter, whatever projects it. */
export type Combine<S> = <P>(
  gradient: Tensor,
  leaf: CompressedLeaf<P, S>,
  moves: Moves<CompressedLeaf<P, S>>,
  path: string,
) => [update: Tensor, leaf: CompressedLeaf<P, S>];

const leafKind = kindOf<CompressedLeaf<unknown, unknown>>('the state of one compressed parameter', (value) =>
  ['refreshes', 'projection', 'inner'].every((name) => Object.hasOwn((value ?? {}) as object, name)),
);

const movesKind = kindOf<Moves<unknown>>('the moves { refresh, advance, lift } of one parameter', (value) =>
  ['refresh', 'advance', 'lift'].every(
    (name) => typeof ((value ?? {}) as Readonly<Record<string, unknown>>)[name] === 'function',
  ),
);

const decay = number({ low: 0, high: 1 });

/** Refresh if due, advance, and lift what the inner transform returns: Algorithm 2 as the paper states it. */
export function lift<P, S>(
  gradient: Tensor,
  leaf: CompressedLeaf<P, S>,
  moves: Moves<CompressedLeaf<P, S>>,
  path?: string,
): [update: Tensor, leaf: CompressedLeaf<P, S>] {
  if (arguments.length > 4) refuseExtra('lift', arguments, 4);
  checkTensor('lift', gradient);
  checkArgument('lift', 'leaf', leafKind, leaf);
  checkArgument('lift', 'moves', movesKind, moves);
  if (path !== undefined) checkArgument('lift', 'path', string, path);
  const { refresh, advance, lift: up } = moves;
  const [compressed, next] = advance(refresh(leaf, 0));
  return [up(next, compressed), next];
}

/**
 * (1 − β)·G + β·up(mean before this step), and only then refresh and advance: the order of the published flora-opt code,
 * in which the current gradient is not compressed at all.
 */
export function liftPlusRaw(beta: number): Combine<EmaState> {
  if (arguments.length > 1) refuseExtra('liftPlusRaw', arguments, 1);
  checkArgument('liftPlusRaw', 'beta', decay, beta);
  return (gradient, leaf, { refresh, advance, lift: up }, path) => {
    const update = axpby(1 - beta, gradient, beta, up(leaf, leaf.inner.mean[path] as Tensor));
    const [, next] = advance(refresh(leaf, 1));
    return [update, next];
  };
}

/**
 * Run a gradient transform in a random low-dimensional subspace: project each gradient down, transform it there, project
 * the result up again, and draw a new subspace every `refreshEvery` steps. A projection is a function of
 * `(seed, path, refresh)` and is never stored.
 * @throws OptionError `compress/transfer`, `compress/nothing`, `compress/withheld`, `options/…`
 * @see Flora (Hao, Cao and Mou, ICML 2024), Algorithm 2, of which this is the general form.
 */
export function compress<P extends Projection, S>(
  options: CompressOptions<P, S>,
): GradientTransform<CompressState<P, S>> {
  if (arguments.length > 1) refuseExtra('compress', arguments, 1);
  const read = readOptionsOf<CompressOptions<P, S>, typeof compressOptions>('compress', compressOptions, options);
  const { projector, rank, inner, refreshEvery, onRefresh, combine, seed, filter = matrixFilter({ rank }) } = read;
  if (onRefresh === 'transfer' && !inner.linear) throw notLinear(inner.name ?? 'a transform');
  type Leaf = CompressedLeaf<P, S>;

  const draw = (path: string, shape: Shape, refreshes: number): P =>
    projector.sample(fold(key(seed), path, 'projection', refreshes), shape, rank, refreshes);
  const start = (path: string, projection: P, refreshes: number): Leaf => ({
    refreshes,
    projection,
    inner: inner.init({ [path]: zeros(compressedShape(projector, projection)) }),
  });
  /** The projection after `refreshes` refreshes, made for the gradient where the projector looks at it. */
  const next = (path: string, current: P, gradient: Tensor, refreshes: number): P =>
    projector.refresh
      ? projector.refresh(current, gradient, fold(key(seed), path, 'projection', refreshes))
      : draw(path, current.shape, refreshes);

  const renew = (leaf: Leaf, path: string, gradient: Tensor): Leaf => {
    const refreshes = leaf.refreshes + 1;
    const projection = next(path, leaf.projection, gradient, refreshes);
    if (onRefresh === 'reset') return start(path, projection, refreshes);
    const compressed = compressedShape(projector, leaf.projection);
    const carry = (state: Tensor): Tensor =>
      sameShape(state.shape, compressed) ? projector.transfer(state, leaf.projection, projection) : state;
    const carried = onRefresh === 'transfer' ? mapTensors(leaf.inner, carry) : leaf.inner;
    return { refreshes, projection, inner: carried };
  };

  const moves = (path: string, gradient: Tensor, step: number): Moves<Leaf> => ({
    refresh(leaf, ahead) {
      // The state is still zero: a projection made for the first gradient takes the place of the sample.
      if (step === 0 && projector.refresh) return start(path, next(path, leaf.projection, gradient, 0), 0);
      return step + ahead > 0 && (step + ahead) % refreshEvery === 0 ? renew(leaf, path, gradient) : leaf;
    },
    advance(leaf) {
      const [updates, state] = inner.update({ [path]: projector.down(leaf.projection, gradient) }, leaf.inner, {});
      if (!Object.hasOwn(updates, path)) throw withheld(inner.name ?? 'the inner transform', path);
      return [updates[path] as Tensor, { ...leaf, inner: state }];
    },
    lift: (leaf, compressed) => projector.up(leaf.projection, compressed),
  });

  return transform<CompressState<P, S>>({
    name: 'compress',
    leafwise: inner.leafwise === true,
    explain: (params) => treatments(params, filter, projector, rank),
    init(params) {
      const [chosen, others] = divide(params, (path, tensor) => passes(filter, path, tensor));
      if (Object.keys(chosen).length === 0)
        throw nothingToCompress(params, rank, treatments(params, filter, projector, rank));
      const leaves = Object.fromEntries(
        Object.entries(chosen).map(([path, x]) => [path, start(path, draw(path, x.shape, 0), 0)]),
      );
      return { step: 0, leaves, dense: inner.init(others) };
    },
    update(grads, state, params) {
      const [chosen, others] = divide(grads, (path) => Object.hasOwn(state.leaves, path));
      const [dense, denseState] = inner.update(others, state.dense, params);
      const moved = Object.entries(chosen).map(([path, gradient]) => {
        const leaf = state.leaves[path] as Leaf;
        // A scope of its own: only one parameter's full-size temporaries live at a time.
        const [update, next] = runInScope(path, () => combine(gradient, leaf, moves(path, gradient, state.step), path));
        return { path, update, next };
      });
      const updates = Object.fromEntries(moved.map(({ path, update }) => [path, update]));
      const leaves = { ...state.leaves, ...Object.fromEntries(moved.map(({ path, next }) => [path, next])) };
      return [
        { ...dense, ...updates },
        { step: state.step + 1, leaves, dense: denseState },
      ];
    },
  });
}

function notLinear(name: string): OptionError {
  return new OptionError({
    code: 'compress/transfer',
    got: `compress got onRefresh 'transfer' around ${name}, whose state is not linear in the gradients`,
    expected: 'an inner transform such as ema, whose state may be multiplied by a matrix',
    fix: "use onRefresh: 'reset' or 'keep'",
  });
}

function withheld(name: string, path: string): OptionError {
  return new OptionError({
    code: 'compress/withheld',
    got: `compress got no update for "${path}" from ${name}`,
    expected: 'one in every step',
    fix: 'put what withholds updates around it: accumulate(k, chain(compress(…), …))',
  });
}

function nothingToCompress(params: Params, rank: number, rows: readonly Treatment[]): OptionError {
  const nearest = rows.find(({ reason }) => reason.includes('rank')) ?? rows[0];
  const shape = nearest && show(params[nearest.path]?.shape ?? []);
  return new OptionError({
    code: 'compress/nothing',
    got: `compress got rank ${rank} and ${rows.length} parameters${nearest ? `, such as ${nearest.path} ${shape} (${nearest.reason})` : ''}`,
    expected: 'at least one matrix that it can compress',
    fix: 'lower the rank below the smaller dimension of the weights, or pass a filter',
  });
}
