import { divide } from '../optim/combinators/divide';
import type { Given, GradientTransform } from '../optim/transform';
import { runInScope } from '../tensor/scope';
import type { Params, Tensor } from '../tensor/tensor';
import type { CompressedLeaf, Moves } from './combine';
import type { CompressState } from './subspace';

/** A transform that takes several states at once, and what the parameters get that are not compressed, if not the same. */
interface Pooled<S, D> {
  readonly inner: GradientTransform<S> & Required<Pick<GradientTransform<S>, 'pool'>>;
  readonly dense: GradientTransform<D> | undefined;
}

/** Whether a transform is one that `pooledUpdate` needs. */
export function pools<S>(inner: GradientTransform<S>): inner is Pooled<S, unknown>['inner'] {
  return inner.pool !== undefined;
}

/**
 * A step of `compress` around a mean over ranks: all gradients go down, one sum takes them and the leaves that are not
 * compressed, as a message for each would cost its latency, and what comes back goes up. While it returns no leaf, since the
 * mean still lacks gradients, the step is not over, and leaves keep their projection: all of a mean go down by one.
 */
export function pooledUpdate<P, S, O, D>(
  { inner, dense }: Pooled<S, D>,
  movesOf: (path: string, gradient: Tensor, step: number) => Moves<CompressedLeaf<P, S, O>>,
  grads: Params,
  state: CompressState<P, S, O, D>,
  params: Params,
): [updates: Params, state: CompressState<P, S, O, D>] {
  type Leaf = CompressedLeaf<P, S, O>;
  const isCompressed = (path: string): boolean => Object.hasOwn(state.leaves, path);
  const [chosen, others] = divide(grads, isCompressed);
  const went = Object.entries(chosen).map(([path, gradient]) => {
    const moves = movesOf(path, gradient, state.step);
    const [leaf, compressed] = runInScope(path, () => {
      const leaf = moves.refresh(state.leaves[path] as Leaf);
      return [leaf, moves.down(leaf, gradient)];
    });
    return { path, leaf, compressed, up: moves.up };
  });

  const given = went.map(({ path, leaf, compressed }): Given<S> => [{ [path]: compressed }, leaf.inner]);
  // Without a transform of their own the other leaves get `inner` as well, and S is D.
  if (!dense) given.push([others, state.dense as unknown as S]);
  const pooled = inner.pool(given, divide(params, isCompressed)[1]);
  const [untouched, denseState] =
    dense?.update(others, state.dense, params) ?? (pooled.at(-1) as unknown as [Params, D]);

  const moved = went.map(({ path, leaf: { waiting: _, ...leaf }, up }, i) => {
    const [updates, after] = pooled[i] as [Params, S];
    const next: Leaf = { ...leaf, inner: after };
    if (!Object.hasOwn(updates, path)) return { path, update: [], next: { ...next, waiting: true as const } };
    return { path, update: [[path, runInScope(path, () => up(next, updates[path] as Tensor))]], next };
  });
  const isOver = Object.keys(grads).length > 0 && moved.every(({ next }) => !('waiting' in next));
  return [
    { ...untouched, ...Object.fromEntries(moved.flatMap(({ update }) => update)) },
    {
      step: state.step + (isOver ? 1 : 0),
      leaves: { ...state.leaves, ...Object.fromEntries(moved.map(({ path, next }) => [path, next])) },
      dense: denseState,
    },
  ];
}
