import { OptionError } from '../base/errors';
import { seedKind } from '../base/key';
import {
  boolean,
  callable,
  optional,
  readOptionsOf,
  refuseExtra,
  required,
  type SpecificationOf,
} from '../base/options';
import { type Filter, filterKind } from '../optim/filter';
import { type GradientTransform, transformKind } from '../optim/transform';
import type { Combine } from './combine';
import { matrixFilter } from './filter';
import { liftUpdate } from './flora';
import { intervalKind, type LeafRule, rankKind } from './leaf-rules';
import { pools } from './pooled';
import { type Projection, type Projector, projectorKind } from './projector';
import { type CompressState, inSubspace, type OnRefresh, onRefreshKind } from './subspace';

/** What to compress, how far, and what runs in the compressed space. */
export interface CompressOptions<P extends Projection, S, O = undefined, D = S> {
  /** How gradients are projected: one of `projectors`, or one of your own. */
  readonly projector: Projector<P, NoInfer<S>>;
  /** Rows of the projection, or a rule that says so for each parameter when it is drawn. */
  readonly rank: number | LeafRule;
  /** The transform that runs in the compressed space, a `scaleBy…` part without parameters. */
  readonly inner: GradientTransform<S>;
  /** What the parameters get that are not compressed (default: `inner`, as it is). */
  readonly dense?: GradientTransform<D> | undefined;
  /** κ in the paper: optimizer steps between new projections, Infinity for never; or a rule that is asked in each step. */
  readonly refreshEvery: number | LeafRule;
  /**
   * What a new projection does to the inner state: `transfer` carries it over by A_old·A_newᵀ (needs an inner transform
   * that is linear), `reset` starts again from zero, `keep` leaves the numbers as they are; a function of the state, the
   * old and the new projection returns the state under the new one.
   */
  readonly onRefresh: OnRefresh<NoInfer<S>, NoInfer<P>>;
  /** How the moves make a step (default `liftUpdate`). */
  readonly combine?: Combine<NoInfer<S>, O> | undefined;
  /** Which parameters are compressed (default: matrices whose smaller dimension is at least the rank). */
  readonly filter?: Filter | undefined;
  /** Refresh the parameters one after the other over an interval, not all in one step (default false). */
  readonly stagger?: boolean | undefined;
  /** What all projections are drawn from (default 0). */
  readonly seed?: number | undefined;
}

const compressOptions = {
  projector: required(projectorKind),
  rank: required(rankKind),
  inner: required(transformKind),
  dense: optional(transformKind),
  refreshEvery: required(intervalKind),
  onRefresh: required(onRefreshKind<unknown, Projection>()),
  combine: optional(callable('such as liftUpdate'), liftUpdate),
  filter: optional(filterKind),
  stagger: optional(boolean, false),
  seed: optional(seedKind, 0),
} satisfies SpecificationOf<CompressOptions<Projection, unknown>>;

/**
 * Run a gradient transform in a low-dimensional subspace: project each gradient down, transform it there, project the
 * result up again, and draw a new subspace every `refreshEvery` steps. A random projection is a function of
 * `(seed, path, refresh)` and is never stored.
 * @throws OptionError `compress/transfer`, `compress/nothing`, `compress/kept`, `compress/withheld`, `options/…`
 * @see Flora (Hao, Cao and Mou, ICML 2024), Algorithm 2, of which this is the general form.
 */
export function compress<P extends Projection, S, O = undefined, D = S>(
  options: CompressOptions<P, S, O, D>,
): GradientTransform<CompressState<P, S, O, D>> {
  if (arguments.length > 1) refuseExtra('compress', arguments, 1);
  const read = readOptionsOf<CompressOptions<P, S, O, D>, typeof compressOptions>('compress', compressOptions, options);
  if (pools(read.inner)) checkPooled(read);
  return inSubspace({ ...read, filter: read.filter ?? matrixFilter({ rank: read.rank }) });
}

/** Around a mean over ranks, what looks at one rank's gradient would make the parameters of ranks differ. */
function checkPooled<P extends Projection, S, O, D>(read: CompressOptions<P, S, O, D>): void {
  const looks = [
    read.projector.refresh && `the projector ${read.projector.name}`,
    (read.combine as unknown) !== liftUpdate && 'a combine of its own',
    [read.rank, read.refreshEvery].some((rule) => typeof rule === 'function') && 'a rule for the rank or the interval',
  ].find((what) => typeof what === 'string');
  if (looks === undefined) return;
  throw new OptionError({
    code: 'compress/pools',
    got: `compress got ${looks} around ${read.inner.name ?? 'a transform'}, which takes the mean of several gradients`,
    expected:
      'parts that see nothing of a gradient but what went down: a projector without refresh, liftUpdate, numbers',
    fix: 'take the mean first: chain(allReduce(comm), compress(…)), which sends whole gradients',
  });
}
