import { OptionError } from '../base/errors';
import { fold, type Key, key } from '../base/key';
import { callable, choice, either, type Kind } from '../base/options';
import { type Shape, sameShape, show } from '../base/shape';
import { divide } from '../optim/combinators/divide';
import { type Filter, passes } from '../optim/filter';
import { pooledAround } from '../optim/pooled-around';
import { type CompressedGradient, type GradientTransform, type Treatment, transform } from '../optim/transform';
import { zeros } from '../tensor/ops/create';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import { mapTensors } from '../tensor/tree';
import type { Combine, CompressedLeaf, Moves } from './combine';
import { treatments } from './filter';
import { intervalOf, keptShare, type LeafRule, rankOf, unseen } from './leaf-rules';
import { observing } from './observing';
import { pooledUpdate, pools } from './pooled';
import { compressedShape, type Projection, type Projector } from './projector';
import { instability, warnOfInstability } from './stability';

/**
 * The inner state of one parameter under a new projection, from the state and the projection before it. Tensors of the
 * state lie in records by path; those in the compressed shape must come back in the one of the new projection.
 */
export type Carry<S, P> = (inner: S, from: P, to: P) => S;

/** What a new projection can do to the inner state: see `compress`. */
export type OnRefresh<S, P> = 'transfer' | 'reset' | 'keep' | Carry<S, P>;

/* @__NO_SIDE_EFFECTS__ */
export function onRefreshKind<S, P>(): Kind<OnRefresh<S, P>> {
  return either(
    choice('transfer', 'reset', 'keep'),
    callable<Carry<S, P>>('of the state, the old and the new projection'),
  );
}

/** What runs in a subspace, and when the subspace changes: every part is given. */
export interface SubspaceParts<P extends Projection, S, O, D> {
  readonly projector: Projector<P, NoInfer<S>>;
  readonly rank: number | LeafRule;
  readonly inner: GradientTransform<S>;
  /** What the parameters get that are not compressed; `inner` where it is left out. */
  readonly dense?: GradientTransform<D> | undefined;
  readonly refreshEvery: number | LeafRule;
  readonly onRefresh: OnRefresh<NoInfer<S>, NoInfer<P>>;
  readonly combine: Combine<NoInfer<S>, O>;
  readonly filter: Filter;
  readonly stagger: boolean;
  readonly seed: number;
}

/** The state of `compress`. */
export interface CompressState<P, S, O = undefined, D = S> {
  /** Optimizer steps done. */
  readonly step: number;
  /** What each compressed parameter keeps, by path. */
  readonly leaves: Readonly<Record<string, CompressedLeaf<P, S, O>>>;
  /** State of what all other parameters get. */
  readonly dense: D;
}

/**
 * The transform under `compress` and `flora`: `combine` makes the moves of each parameter that the filter lets through,
 * and all others get `dense`.
 */
export function inSubspace<P extends Projection, S, O, D = S>(
  parts: SubspaceParts<P, S, O, D>,
  see?: (compressed: CompressedGradient) => void,
): GradientTransform<CompressState<P, S, O, D>> {
  const { projector, rank, inner, refreshEvery, onRefresh, combine, filter, stagger, seed } = parts;
  const dense = parts.dense ?? (inner as GradientTransform<unknown> as GradientTransform<D>); // without dense, D is S
  if (onRefresh === 'transfer' && !inner.linear) throw notLinear(inner.name ?? 'a transform');
  type Leaf = CompressedLeaf<P, S, O>;

  // All that a random projection is made of: the same (seed, path, refresh) give the same one, at any time. A mean over ranks
  // has the draws of a mean over steps: Algorithm 1 of the paper, as floraAccumulate does it.
  const purpose = pools(inner) ? 'accumulation' : 'projection';
  const keyOf = (path: string, refreshes: number): Key => fold(key(seed), path, purpose, refreshes);
  const draw = (path: string, shape: Shape, rows: number, refreshes: number): P =>
    projector.sample(keyOf(path, refreshes), shape, rows, refreshes);
  const fresh = (path: string, projection: P): S =>
    inner.init({ [path]: zeros(compressedShape(projector, projection)) });
  const startingRank = (path: string, { shape }: Tensor): number => rankOf(rank, path, 0, unseen(shape));

  /** A leaf before its first gradient; `place` in [0, 1) says where in an interval its refreshes are, if staggered. */
  const start = (path: string, parameter: Tensor, place: number): Leaf => {
    const projection = draw(path, parameter.shape, startingRank(path, parameter), 0);
    const interval = intervalOf(refreshEvery, path, 0, unseen(parameter.shape));
    return {
      refreshes: projector.refresh ? -1 : 0,
      projection,
      inner: fresh(path, projection),
      ...(combine.init && { own: combine.init(parameter) }),
      ...(stagger && { phase: interval === Infinity ? 0 : Math.floor(place * interval) }),
    } as Leaf; // without `init`, O is undefined
  };

  /**
   * The inner state under the new projection. Its numbers are coordinates in the old subspace: left as they are, they would
   * mean another direction under the new one. `transfer` expresses them in the new subspace, M ← M·A_old·A_newᵀ, which keeps
   * the momentum in expectation: E[M·A_old·A_newᵀ·A_new] = M·A_old. Only state that is linear in the gradients may be
   * multiplied so; a mean of squares may not.
   */
  const carried = (path: string, state: S, from: P, to: P): S => {
    if (typeof onRefresh === 'function') return onRefresh(state, from, to);
    if (onRefresh === 'reset') return fresh(path, to);
    const [old, now] = [compressedShape(projector, from), compressedShape(projector, to)];
    if (onRefresh === 'transfer')
      return mapTensors(state, (x) => (sameShape(x.shape, old) ? projector.transfer(x, from, to) : x));
    if (!sameShape(old, now)) throw notKept(path, old, now);
    return state;
  };

  const unseenMoves = (path: string, gradient: Tensor, step: number): Moves<Leaf> => ({
    refresh(leaf, { ahead = 0, gradient: seen = gradient } = {}) {
      if (leaf.waiting) return leaf; // all gradients of a mean go down by one projection
      const { refreshes, projection, phase = 0 } = leaf;
      const at = step + ahead;
      const kept = (): number => keptShare(seen, projector.down(projection, seen));
      const statistics = { shape: projection.shape, refreshes, kept };
      const context = { path, step: at, inner: leaf.inner };
      // States of earlier versions have 0 refreshes before the first step.
      if (projector.refresh && (refreshes < 0 || step === 0)) {
        const made = projector.refresh(projection, seen, { ...context, turn: 0, key: keyOf(path, 0), first: true });
        return { ...leaf, refreshes: 0, projection: made }; // the inner state is still zero
      }
      if (at === 0) return leaf;
      const interval = intervalOf(refreshEvery, path, at, statistics);
      if ((at - phase) % interval !== 0) return leaf;
      const next = refreshes + 1;
      const rows = rankOf(rank, path, at, statistics);
      const first = rows !== projection.rank;
      const sample = projector.refresh && !first ? projection : draw(path, projection.shape, rows, next);
      const turn = (at - phase) / interval;
      const made = projector.refresh?.(sample, seen, { ...context, turn, key: keyOf(path, next), first }) ?? sample;
      if (made === projection) return leaf; // the projector says that nothing is due
      return { ...leaf, refreshes: next, projection: made, inner: carried(path, leaf.inner, projection, made) };
    },
    down: (leaf, x) => projector.down(leaf.projection, x),
    inner(leaf, compressed) {
      const [updates, state] = inner.update({ [path]: compressed }, leaf.inner, {});
      if (!Object.hasOwn(updates, path)) throw withheld(inner.name ?? 'the inner transform', path);
      return [updates[path] as Tensor, { ...leaf, inner: state }];
    },
    up: (leaf, compressed) => projector.up(leaf.projection, compressed),
  });
  const moves: typeof unseenMoves = see
    ? (path, gradient, step) =>
        observing(unseenMoves(path, gradient, step), { path, step, projector: projector.name }, see)
    : unseenMoves;

  const treated = (params: Params): Treatment[] => treatments(params, filter, projector, startingRank);

  /** Why carried momentum grows without bound, by path. Rules of path and step may refresh at other times: nothing is said of those. */
  const unstable = (params: Params, rows: readonly Treatment[]): Map<string, string> => {
    const { decay } = inner;
    if (onRefresh !== 'transfer' || decay === undefined || typeof refreshEvery !== 'number') return new Map();
    const found = rows.map((row) => {
      const reason = instability(row, (params[row.path] as Tensor).shape, { projector, decay, interval: refreshEvery });
      return [row.path, reason] as const;
    });
    return new Map(found.filter((one): one is [string, string] => one[1] !== null));
  };
  const explained = (params: Params): Treatment[] => {
    const rows = treated(params);
    const reasons = unstable(params, rows);
    return rows.map((row) => {
      const why = reasons.get(row.path);
      return why === undefined ? row : { ...row, reason: `${row.reason}, ${why}` };
    });
  };

  const update: GradientTransform<CompressState<P, S, O, D>>['update'] = (grads, state, params) => {
    if (pools(inner)) return pooledUpdate({ inner, dense: parts.dense }, moves, grads, state, params);
    const [chosen, others] = divide(grads, (path) => Object.hasOwn(state.leaves, path));
    const [untouched, denseState] = dense.update(others, state.dense, params);
    const moved = Object.entries(chosen).map(([path, gradient]) => {
      const leaf = state.leaves[path] as Leaf;
      // A scope of its own: only one parameter's full-size temporaries live at a time.
      const [update, next] = runInScope(path, () => combine(gradient, leaf, moves(path, gradient, state.step), path));
      return { path, update, next };
    });
    const updates = Object.fromEntries(moved.map(({ path, update }) => [path, update]));
    const leaves = { ...state.leaves, ...Object.fromEntries(moved.map(({ path, next }) => [path, next])) };
    return [
      { ...untouched, ...updates },
      { step: state.step + 1, leaves, dense: denseState },
    ];
  };

  return transform<CompressState<P, S, O, D>>({
    name: 'compress',
    leafwise: inner.leafwise === true && dense.leafwise === true,
    explain: explained,
    observed: (seeing) => inSubspace(parts, seeing),
    init(params) {
      const [chosen, others] = divide(params, (path, tensor) => passes(filter, path, tensor));
      const list = Object.entries(chosen);
      if (list.length === 0) throw nothingToCompress(params, treated(params));
      const [first] = unstable(params, treated(chosen)); // one of them says it
      if (first) warnOfInstability(projector.name, first[0], (params[first[0]] as Tensor).shape, first[1]);
      const leaves = Object.fromEntries(list.map(([path, x], i) => [path, start(path, x, i / list.length)]));
      return { step: 0, leaves, dense: dense.init(others) };
    },
    update,
    ...pooledAround([inner], update),
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

function notKept(path: string, old: Shape, now: Shape): OptionError {
  return new OptionError({
    code: 'compress/kept',
    got: `compress got onRefresh 'keep' for "${path}", whose compressed shape went from ${show(old)} to ${show(now)}`,
    expected: 'a rank that stays as it is',
    fix: "use onRefresh: 'reset' or 'transfer', or a function",
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

function nothingToCompress(params: Params, rows: readonly Treatment[]): OptionError {
  const nearest = rows.find(({ reason }) => reason.includes('rank')) ?? rows[0];
  const shape = nearest && show(params[nearest.path]?.shape ?? []);
  return new OptionError({
    code: 'compress/nothing',
    got: `compress got ${rows.length} parameters${nearest ? `, such as ${nearest.path} ${shape} (${nearest.reason})` : ''}`,
    expected: 'at least one matrix that it can compress',
    fix: 'lower the rank below the smaller dimension of the weights, or pass a filter',
  });
}
