import { seedKind } from '../base/key';
import {
  boolean,
  checkArgument,
  choice,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
} from '../base/options';
import { filterKind } from '../optim/filter';
import { adafactorAround, adafactorParts } from '../optim/optimizers/adafactor';
import { type EmaState, ema } from '../optim/parts/ema';
import { axpby } from '../tensor/ops/elementwise/axpby';
import type { Tensor } from '../tensor/tensor';
import { type Combine, type CompressedLeaf, checkCombine, type Moves } from './combine';
import { matrixFilter } from './filter';
import { intervalKind, rankKind } from './leaf-rules';
import { type Projection, projectorKind } from './projector';
import { gaussian } from './projectors/gaussian';
import { inSubspace, onRefreshKind } from './subspace';

const decay = number({ low: 0, high: 1 });

/**
 * Algorithm 2 of the Flora paper, for any inner transform and any projector: refresh if due, go down, transform, go up.
 * With `ema` inside and transfers at a refresh, as in `flora`, M is the momentum and each line is one of the algorithm.
 */
export function liftUpdate<P, S>(
  G: Tensor,
  leaf: CompressedLeaf<P, S>,
  moves: Moves<CompressedLeaf<P, S>>,
  _path?: string,
): [update: Tensor, leaf: CompressedLeaf<P, S>] {
  checkCombine('liftUpdate', arguments);
  const { refresh, down, inner, up } = moves;
  leaf = refresh(leaf); //                         every κ steps: a new A, and M ← M·A_old·Aᵀ
  const [M, next] = inner(leaf, down(leaf, G)); // M ← β·M + (1 − β)·G·Aᵀ
  return [up(next, M), next]; //                   the step goes along M·A
}

/**
 * The order of the published flora-opt code: the update is (1 − β)·G + β·M·A with the momentum of before this step, so
 * the gradient at hand is not compressed at all; only then come the refresh, on a count of steps from 1, and M.
 */
export function liftPlusRaw(beta: number): Combine<EmaState> {
  if (arguments.length > 1) refuseExtra('liftPlusRaw', arguments, 1);
  checkArgument('liftPlusRaw', 'beta', decay, beta);
  return (G, leaf, { refresh, down, inner, up }, path) => {
    const update = axpby(1 - beta, G, beta, up(leaf, leaf.inner.mean[path] as Tensor));
    leaf = refresh(leaf, { ahead: 1 });
    const [, next] = inner(leaf, down(leaf, G));
    return [update, next];
  };
}

const floraOptions = {
  /** Rows of the projection, or a rule: the state of a weight [n, m] is rank·max(n, m) + n + m floats. */
  rank: required(rankKind),
  /** κ in the paper: optimizer steps between new projections, Infinity for never, or a rule (default 1000). */
  refreshEvery: optional(intervalKind, 1000),
  /** Weight of the past in the momentum (default 0.9). */
  beta: optional(decay, 0.9),
  /** `paper` (default) is `liftUpdate`, Algorithm 2 as the paper states it; `flora-opt`, as the published code, `liftPlusRaw`. */
  ordering: optional(choice('paper', 'flora-opt'), 'paper'),
  /** How gradients are projected (default `projectors.gaussian`, the paper's). */
  projector: optional(projectorKind, gaussian),
  /** What a new projection does to the momentum, as in `compress` (default `transfer`, the paper's). */
  onRefresh: optional(onRefreshKind<EmaState, Projection>(), 'transfer'),
  /** Refresh the parameters one after the other over an interval, not all in one step (default false). */
  stagger: optional(boolean, false),
  /** Which parameters are compressed (default: as flora-opt, matrices with min(n, m) ≥ rank and max/min ≤ 4). */
  filter: optional(filterKind),
  /** What all projections are drawn from (default 0). */
  seed: optional(seedKind, 0),
  ...adafactorParts,
};

/** Adafactor's options, with a compressed momentum in place of the dense one. */
export interface FloraOptions extends OptionsOf<typeof floraOptions> {}

/**
 * Flora: Adafactor whose momentum lives in a random low-dimensional subspace that is drawn anew every κ steps. With U
 * the normalised gradient and A [r, m] the projection: M ← β·M·A_old·Aᵀ + (1 − β)·U·Aᵀ, step along M·A.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Hao, Cao and Mou, "Flora: low-rank adapters are secretly gradient compressors", ICML 2024, Algorithm 2.
 * @example
 * const params = { weight: zeros([64, 64]), bias: zeros([64]) };
 * const transform = flora({ learningRate: 1e-2, rank: 16, refreshEvery: 100, seed: 1 });
 * const [weight, bias] = explain(transform, params);
 * console.log(weight?.reason, weight?.bytes, bias?.reason); // prints gaussian 4608 dense: not a matrix
 */
export function flora(options: FloraOptions) {
  if (arguments.length > 1) refuseExtra('flora', arguments, 1);
  const { rank, refreshEvery, beta, ordering, projector, onRefresh, stagger, filter, seed, ...parts } = readOptions(
    'flora',
    floraOptions,
    options,
  );
  const momentum = inSubspace({
    projector,
    rank,
    inner: ema({ decay: beta }),
    refreshEvery,
    onRefresh,
    combine: ordering === 'paper' ? liftUpdate : liftPlusRaw(beta),
    filter: filter ?? matrixFilter({ rank, maxAspect: 4 }),
    stagger,
    seed,
  });
  return adafactorAround(momentum, parts);
}
