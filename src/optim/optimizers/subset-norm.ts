import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { chain } from '../combinators/chain';
import { identity } from '../combinators/identity';
import { filterKind } from '../filter';
import { correctBias } from '../parts/correct-bias';
import { decayAfterStep } from '../parts/decay-after-step';
import { type EmaState, ema } from '../parts/ema';
import { scaleByLearningRate } from '../parts/scale-by-learning-rate';
import { scaleBySubsetNorm, subsetKind } from '../parts/scale-by-subset-norm';
import { rate } from '../schedules';
import type { GradientTransform } from '../transform';

const subsetNormOptions = {
  /** η, or a schedule of it: about ten times Adam's. */
  learningRate: required(rate),
  /** Decay of the mean, β1 (default 0.9); 0 keeps no momentum, and no state for it. */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the sums of squares, β2 (default 0.999); 1 adds them all up, as AdaGrad does. */
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
  /** ε, added to the root before the bias correction (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
  /** Which entries share a second moment, as in `scaleBySubsetNorm` (default `heuristic`). */
  subset: optional(subsetKind, 'heuristic'),
  /** Correct what starts from zero; a sum without decay needs no correction (default true). */
  correctBias: optional(boolean, true),
  /** Decoupled weight decay, after the step (default 0). */
  weightDecay: optional(number({ low: 0 }), 0),
  /** Which parameters have subsets (default: matrices); others get Adam. */
  filter: optional(filterKind),
};

/** The options of Subset-Norm. */
export interface SubsetNormOptions extends OptionsOf<typeof subsetNormOptions> {}

/**
 * Subset-Norm: Adam with one second moment for each subset of entries, the norm of its gradient.
 *
 *     M ← β1·M + (1 − β1)·G        V_s ← β2·V_s + (1 − β2)·Σ_{i∈s} G_i²        W_i ← W_i − step·M_i/(√V_s + ε)
 *
 * State of a weight [n, m]: n·m + max(n, m) floats, of which `beta1: 0` saves the first. `beta1: 0, beta2: 1` is AdaGrad-Norm
 * by subsets. Pitfalls: V is a sum and no mean, so a learning rate of Adam is too small by about the root of a subset's
 * size; ε is small against that sum.
 * @throws ShapeError `optimizer/subset`
 * @throws OptionError `options/…`
 * @see "Subset-Norm and Subspace-Momentum", arXiv 2411.07120.
 */
export function subsetNorm(options: SubsetNormOptions) {
  if (arguments.length > 1) refuseExtra('subsetNorm', arguments, 1);
  const {
    learningRate,
    beta1,
    beta2,
    correctBias: corrects,
    weightDecay,
    ...norms
  } = readOptions('subsetNorm', subsetNormOptions, options);
  const numerator: GradientTransform<EmaState | readonly []> = beta1 === 0 ? identity : ema({ decay: beta1 });
  return chain(
    scaleBySubsetNorm({ ...norms, beta2, numerator }),
    corrects ? correctBias({ beta1, beta2: beta2 === 1 ? 0 : beta2 }) : identity,
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}
