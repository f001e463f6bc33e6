import { OptionError } from '../../base/errors';
import { boolean, choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { roundHalfEven } from '../../base/round-half-even';
import type { Shape } from '../../base/shape';
import { chain } from '../../optim/combinators/chain';
import type { Filter } from '../../optim/filter';
import { addDecayedWeights } from '../../optim/parts/add-decayed-weights';
import { type AdamState, scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sign } from '../../tensor/ops/elementwise/sign';
import { sub } from '../../tensor/ops/elementwise/sub';
import type { Combine } from '../combine';
import { compress } from '../compress';
import { type CompressedSide, compressedSideKind, onSide } from '../compressed-side';
import { matrixFilter } from '../filter';
import { rankKind } from '../leaf-rules';
import { compressedDimension, type Projection, type Projector } from '../projector';
import { coordinatesUnscaled } from '../projectors/coordinates-unscaled';
import { entries } from '../projectors/entries';
import { haarUnscaled } from '../projectors/haar-unscaled';
import { svd } from '../projectors/svd';
import { subspaceAdamOptions } from './adam-options';

type Kind = 'svd' | 'random' | 'randperm' | 'columns' | 'rows' | 'entries';
type Inactive = 'sign' | 'identity' | 'none';
const kinds = choice<Kind>('svd', 'random', 'randperm', 'columns', 'rows', 'entries');
const inactiveRules = choice<Inactive>('sign', 'identity', 'none');

const frugalOptions = {
  ...subspaceAdamOptions,
  /**
   * Which part of a gradient is projected: its leading singular vectors, `svd` (default), `random` orthonormal rows,
   * `randperm`, random rows or columns of the smaller side, random `columns` or `rows` whatever the shape, or `entries`.
   */
  kind: optional(kinds, 'svd'),
  /** The share of a matrix that is projected (default 0.25); r is density·d, a half goes to even, and down for selections. */
  density: optional(number({ low: 0, high: 1 })),
  /** Rows of the projection, or a rule, in place of a density. */
  rank: optional(rankKind),
  /** What becomes of the rest: its `sign` (default), as in signSGD, the rest itself, `identity`, or `none` of it. */
  inactive: optional(inactiveRules, 'sign'),
  /** Steps of the rest against those of what is projected (default 1). */
  inactiveScale: optional(number({ low: 0 }), 1),
  /** Steps of matrices, both their parts, against those of other parameters (default 1). */
  projectedScale: optional(number({ low: Number.MIN_VALUE }), 1),
  /** Start the moments and their count of steps again at a refresh (default true). */
  reset: optional(boolean, true),
  /** Which side is compressed, by `svd`, `random`, `randperm` and projectors of your own: `std` (default) the smaller one. */
  side: optional(compressedSideKind),
  /** ε, added to the root after the bias correction (default 1e-8). */
  epsilon: optional(number({ low: 0 }), 1e-8),
  /** Decoupled weight decay, before the step (default 0.01). */
  weightDecay: optional(number({ low: 0 }), 0.01),
};

/** The options of FRUGAL. */
export interface FrugalOptions extends OptionsOf<typeof frugalOptions> {}

/**
 * FRUGAL: AdamW for the part of a gradient that is projected, and a method without state for the rest, so that no
 * direction stands still.
 *
 *     every T steps   a new P, the moments and their count start again
 *     W ← (1 − η·decay)·W        C = P·G        N = AdamW(C)        R = G − Pᵀ·C
 *     W ← W − η·s_p·(Pᵀ·N + s_i·sign(R))
 *
 * State of a weight [n, m] with M ≥ μ: 2·r·M floats, and r·μ more for `svd`; 2·n·⌊density·m⌋ for `columns`,
 * 2·m·⌊density·n⌋ for `rows`, 2·⌊density·n·m⌋ for `entries`. Pitfalls: rows of P must be orthonormal, or R is no rest; where
 * the gradient lies in the subspace, the sign of R is that of rounding errors (at r = d it is left out). Selections have
 * exact zeros there. Parameters that are not projected get AdamW; with density 0 the method would be signSGD,
 * `lion({ beta1: 0 })`.
 * @throws OptionError `frugal/options`, `compress/nothing`, `options/…`
 * @see Zmushko et al., "FRUGAL: memory-efficient optimization by reducing state overhead for scalable training",
 * arXiv 2411.07837, Algorithm 1.
 */
export function frugal(options: FrugalOptions) {
  if (arguments.length > 1) refuseExtra('frugal', arguments, 1);
  const read = readOptions('frugal', frugalOptions, options);
  checkTogether(read);
  const { learningRate, kind, density = 0.25, rank, inactive, inactiveScale, projectedScale, reset, ...rest } = read;
  const { side = 'std', projector: own, beta1, beta2, epsilon, weightDecay, filter, ...places } = rest;
  const projector = projectorOf(kind, own, density, side);
  return chain(
    compress({
      projector,
      rank: rank ?? ((_path, _step, { shape }) => rowsFor(density, kind, projector, shape)),
      inner: scaleByAdam({ beta1, beta2, epsilon }),
      onRefresh: reset ? 'reset' : 'keep',
      combine: splitUpdate(inactive, inactiveScale, projectedScale),
      filter: filter ?? (rank === undefined ? sharedFilter(density, kind, projector) : matrixFilter({ rank })),
      ...places,
    }),
    addDecayedWeights(weightDecay),
    scaleByLearningRate(learningRate),
  );
}

/** up(N) and what the rule makes of the rest of G. */
function splitUpdate(inactive: Inactive, inactiveScale: number, projectedScale: number): Combine<AdamState> {
  return (G, leaf, { refresh, down, inner, up }) => {
    leaf = refresh(leaf);
    const C = down(leaf, G);
    const [N, next] = inner(leaf, C);
    const lifted = mul(up(next, N), projectedScale);
    if (inactive === 'none' || isWhole(leaf.projection)) return [lifted, next];
    const R = sub(G, up(leaf, C));
    const step = inactive === 'sign' ? sign(R) : R;
    return [add(lifted, mul(step, projectedScale * inactiveScale)), next];
  };
}

/** With r = d orthonormal rows nothing is left but rounding errors, whose signs would be steps of full length. */
function isWhole(projection: Projection): boolean {
  return projection.side !== 'both' && projection.rank === compressedDimension(projection);
}

/** The projector of a kind, on its side. */
function projectorOf(kind: Kind, own: Projector | undefined, density: number, side: CompressedSide): Projector {
  if (kind === 'entries') return own ?? entries({ density });
  const usual = kind === 'svd' ? svd : kind === 'random' ? haarUnscaled : coordinatesUnscaled;
  return onSide<Projection>(own ?? usual, kind === 'columns' ? 'right' : kind === 'rows' ? 'left' : side);
}

/** r for a share of the compressed dimension, as the published code rounds it. */
function rowsFor(share: number, kind: Kind, projector: Projector, shape: Shape): number {
  const [n, m] = shape as readonly [number, number];
  if (kind === 'entries') return Math.min(1, Math.floor(share * n * m)); // all that a rank says of entries
  const exact = share * compressedDimension({ side: projector.side(shape), shape: [n, m] });
  if (kind === 'columns' || kind === 'rows') return Math.floor(exact);
  return roundHalfEven(exact);
}

/** Matrices of which the share is at least one row, or one entry. */
function sharedFilter(share: number, kind: Kind, projector: Projector): Filter {
  return (_, { shape }) => {
    if (shape.length !== 2) return 'not a matrix';
    return rowsFor(share, kind, projector, shape) > 0 || `the density ${share} of it is nothing`;
  };
}

/** Options that do not go together. */
function checkTogether({ kind, density, rank, side }: Pick<FrugalOptions, 'kind' | 'density' | 'rank' | 'side'>): void {
  if (rank !== undefined && density !== undefined) throw apart('rank and density', 'leave out one of them');
  if (rank !== undefined && kind === 'entries') throw apart("rank and kind 'entries'", 'pass a density');
  const sided = kind === 'columns' || kind === 'rows' || kind === 'entries';
  if (side !== undefined && sided)
    throw apart(`side and kind '${kind}'`, "leave out the side, or pass kind 'randperm'");
}

function apart(got: string, fix: string): OptionError {
  return new OptionError({
    code: 'frugal/options',
    got: `frugal got ${got}`,
    expected: 'options that do not contradict each other',
    fix,
  });
}
