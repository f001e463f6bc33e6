import { type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import type { Filter } from '../../optim/filter';
import { correctBias } from '../../optim/parts/correct-bias';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import { type EmaState, ema } from '../../optim/parts/ema';
import { scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import type { Combine } from '../combine';
import { compress } from '../compress';
import { matrixFilter } from '../filter';
import { intervalKind, type LeafRule, rankKind } from '../leaf-rules';
import { gaussian } from '../projectors/gaussian';
import { inUnits, unitsKind } from '../projectors/in-units';
import { subspaceAdamOptions } from './adam-options';

const vlorpOptions = {
  ...subspaceAdamOptions,
  /** Rows of the projection, or a rule (default 32). */
  rank: optional(rankKind, 32),
  /** T: optimizer steps between new projections, Infinity for never, or a rule (default 100). */
  refreshEvery: optional(intervalKind, 100),
  /**
   * c, the granularity (default 1): a tall gradient [n, m] is projected as [n·c, m/c], a wide one as [n/c, m·c]. It may be
   * below 1; see `inUnits`.
   */
  units: optional(unitsKind, 1),
};

/** The options of VLoRP. */
export interface VlorpOptions extends OptionsOf<typeof vlorpOptions> {}

/** What VLoRP keeps beside its momentum: moving sums of Ĝ². */
export interface VlorpFactors {
  /** R [n, 1], over each row. */
  readonly rows: Tensor;
  /** Q [1, m], over each column. */
  readonly columns: Tensor;
}

/**
 * VLoRP with ProjFactor: momentum of the gradient compressed in units of your choice, over a factored second moment of its
 * round trip.
 *
 *     every T steps   a new random P, all moments stay as they are
 *     C = down(G)     M ← β1·M + (1 − β1)·C        Ĝ = up(C)
 *     R ← β2·R + (1 − β2)·Σ_j Ĝ²        Q ← β2·Q + (1 − β2)·Σ_i Ĝ²        V̂ = R·Q/ΣR
 *     W ← W − step·up(M)/(√V̂ + ε)
 *
 * `projector` is Gaussian by default, `projectors.rademacher` is the other one of the paper. State of a weight [n, m] with
 * M = max(n, m): c·r·M + n + m floats. Pitfalls: the momentum is not carried over to a new P, so after a refresh it is
 * read in coordinates that it was not made in. The code's `scale` multiplies both parts of the fraction: it is a
 * smaller ε, ε/scale. Its assertion of what c must divide asks for n/c where n·c has to be whole.
 * @throws ShapeError `projector/units` where c does not divide a weight
 * @throws OptionError `compress/nothing`, `options/…`
 * @see "Memory-efficient LLM training by various-grained low-rank projection of gradients", arXiv 2505.01744.
 */
export function vlorp(options: VlorpOptions) {
  if (arguments.length > 1) refuseExtra('vlorp', arguments, 1);
  const { learningRate, beta1, beta2, epsilon, weightDecay, units, ...places } = readOptions(
    'vlorp',
    vlorpOptions,
    options,
  );
  const { projector = gaussian, rank, filter = unitsFilter(rank, units), ...rest } = places;
  const moved = (old: Tensor, squares: Tensor, axis: 0 | 1): Tensor =>
    axpby(beta2, old, 1 - beta2, sum(squares, { axis, keepDims: true }));
  const step: Combine<EmaState, VlorpFactors> = (G, leaf, { refresh, down, inner, up }) => {
    leaf = refresh(leaf);
    const C = down(leaf, G);
    const [M, next] = inner(leaf, C);
    const squares = square(up(leaf, C)); // Ĝ²
    const own = { rows: moved(leaf.own.rows, squares, 1), columns: moved(leaf.own.columns, squares, 0) };
    const share = div(own.rows, maximum(sum(own.rows), leastNormal)); // gradients of zeros have no share
    const V = mul(share, own.columns); // R·Q/ΣR
    return [div(up(next, M), add(sqrt(V), epsilon)), { ...next, own }];
  };
  const init = ({ shape: [n = 0, m = 0] }: Tensor): VlorpFactors => ({ rows: zeros([n, 1]), columns: zeros([1, m]) });
  return chain(
    compress({
      projector: inUnits(projector, units),
      rank,
      inner: ema({ decay: beta1 }),
      dense: scaleByAdam({ beta1, beta2, epsilon, biasCorrection: 'none' }),
      onRefresh: 'keep',
      combine: Object.assign(step, { init }),
      filter,
      ...rest,
    }),
    correctBias({ beta1, beta2 }),
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}

/** Matrices whose smaller dimension has at least c units of the rank each. */
function unitsFilter(rank: number | LeafRule, units: number): Filter {
  const least = (rows: number): number => Math.ceil(rows * Math.max(1, units));
  return matrixFilter({ rank: typeof rank === 'number' ? least(rank) : (...leaf) => least(rank(...leaf)) });
}

/** The least normal number of float32. */
const leastNormal = 2 ** -126;
