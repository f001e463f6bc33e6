import {
  boolean,
  choice,
  either,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  type ValuesOf,
} from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import { identity } from '../../optim/combinators/identity';
import { correctBias } from '../../optim/parts/correct-bias';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import { ema } from '../../optim/parts/ema';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { scaleBySubsetNorm, subsetKind } from '../../optim/parts/scale-by-subset-norm';
import { compress } from '../compress';
import { onSide } from '../compressed-side';
import { matrixFilter } from '../filter';
import { liftPlusRest } from '../lift-plus-rest';
import { type Projector, projectorKind } from '../projector';
import { coordinatesUnscaled } from '../projectors/coordinates-unscaled';
import { srht } from '../projectors/srht';
import { svd } from '../projectors/svd';
import { topCoordinates } from '../projectors/top-coordinates';
import { withGain } from '../projectors/with-gain';
import { subspaceAdamOptions } from './adam-options';

const subspaceMomentumOptions = {
  ...subspaceAdamOptions,
  /**
   * Where momentum is kept: `svd` (default) the leading singular vectors on the smaller side; `topk` the rows or columns
   * with the largest norms and `uniform` any, both along the larger side; `srht` a random rotation, on the smaller side. Or
   * a projector with orthonormal rows.
   */
  projector: optional(either(choice('svd', 'topk', 'uniform', 'srht'), projectorKind), 'svd'),
  /** What a new subspace does to the momentum: `reset` (default) forgets it, `keep` is the code's overlap. */
  onRefresh: optional(choice('reset', 'keep'), 'reset'),
  /** Which entries share a second moment, as in `scaleBySubsetNorm` (default 1: none, as in Adam). */
  subset: optional(subsetKind, 1),
  /** Correct the moments for their start from zero (default true). */
  correctBias: optional(boolean, true),
};

/** The options of Subspace-Momentum. */
export interface SubspaceMomentumOptions extends OptionsOf<typeof subspaceMomentumOptions> {}

/**
 * Subspace-Momentum: momentum only inside a subspace, the gradient itself outside, over Adam's second moment.
 *
 *     at steps 1, T, 2·T, …   a new P, and e ← 0
 *     e ← β1·e + (1 − β1)·down(G)        U = up(e) + (G − up(down(G)))
 *     V ← β2·V + (1 − β2)·G²             W ← W − step·U/(√V + ε)        W ← (1 − η·decay)·W
 *
 * State of a weight [n, m] with M ≥ μ: r·M + n·m floats, and r·μ for the singular vectors; `topk` and `uniform` keep r·μ and
 * the choice. Pitfalls: the bias correction multiplies the raw part too; the first interval is one step shorter than the
 * others. The published code resets a step late: its old momentum goes up through the new projection once, and the
 * gradient of that step never comes into it; its SRHT transforms the axis that is not sampled, which cancels. Here both are as
 * they are meant. Where the side of `srht` is no power of two, its rows are not orthonormal.
 * @throws ShapeError `optimizer/subset`
 * @throws OptionError `compress/nothing`, `options/…`
 * @see "Subset-Norm and Subspace-Momentum", arXiv 2411.07120.
 */
export function subspaceMomentum(options: SubspaceMomentumOptions) {
  if (arguments.length > 1) refuseExtra('subspaceMomentum', arguments, 1);
  return momentumWith(readOptions('subspaceMomentum', subspaceMomentumOptions, options));
}

const adamSnsmOptions = {
  ...subspaceMomentumOptions,
  /** Which entries share a second moment, as in `scaleBySubsetNorm` (default `heuristic`). */
  subset: optional(subsetKind, 'heuristic'),
};

/** The options of AdamSNSM: those of Subspace-Momentum, with another default. */
export interface AdamSnsmOptions extends OptionsOf<typeof adamSnsmOptions> {}

/**
 * AdamSNSM: Subspace-Momentum over Subset-Norm, whose learning rates are about ten times Adam's. State of a weight [n, m]
 * with M ≥ μ: r·M + M floats, and r·μ for the singular vectors.
 * @throws ShapeError `optimizer/subset`
 * @throws OptionError `compress/nothing`, `options/…`
 * @see "Subset-Norm and Subspace-Momentum", arXiv 2411.07120; `subspaceMomentum`, `subsetNorm`
 */
export function adamSnsm(options: AdamSnsmOptions) {
  if (arguments.length > 1) refuseExtra('adamSnsm', arguments, 1);
  return momentumWith(readOptions('adamSnsm', adamSnsmOptions, options));
}

function momentumWith(options: ValuesOf<typeof subspaceMomentumOptions>) {
  const {
    learningRate,
    beta1,
    beta2,
    epsilon,
    weightDecay,
    subset,
    correctBias: corrects,
    projector,
    ...rest
  } = options;
  const { rank, filter = matrixFilter({ rank }), ...places } = rest;
  const numerator = compress({
    projector: typeof projector === 'string' ? subspaces[projector]() : projector,
    rank,
    inner: ema({ decay: beta1 }),
    combine: liftPlusRest,
    filter,
    ...places,
  });
  return chain(
    scaleBySubsetNorm({ beta2, epsilon, subset, numerator, filter }),
    corrects ? correctBias({ beta1, beta2: beta2 === 1 ? 0 : beta2 }) : identity,
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}

/** The subspaces of the paper, each with the unit gain that the split needs. */
const subspaces: Readonly<Record<'svd' | 'topk' | 'uniform' | 'srht', () => Projector>> = {
  svd: () => svd,
  topk: () => onSide(topCoordinates, 'reverse'),
  uniform: () => onSide(coordinatesUnscaled, 'reverse'),
  srht: () => withGain(srht, (d, rank) => rank / 2 ** Math.ceil(Math.log2(d))),
};
