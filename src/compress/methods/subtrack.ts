import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import { correctBias } from '../../optim/parts/correct-bias';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import type { NormLimit } from '../../optim/parts/limit-norm-growth';
import { type AdamState, scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { compress } from '../compress';
import { intervalKind } from '../leaf-rules';
import { liftRecovered, recoveryGrowth } from '../lift-recovered';
import { liftScaled } from '../lift-scaled';
import { geodesic, geodesicOptions } from '../projectors/geodesic';
import { rotateMoments } from '../rotate-moments';
import { subspaceAdamOptions } from './adam-options';

const subtrackOptions = {
  ...subspaceAdamOptions,
  /** T: optimizer steps between turns of the subspace, Infinity for never, or a rule (default 50). */
  refreshEvery: optional(intervalKind, 50),
  /** c, the size of compressed steps against the others (default 1). */
  scale: optional(number({ low: Number.MIN_VALUE }), 1),
  ...geodesicOptions,
  /** Turn the moments with the subspace (default true); else they stay as they are. */
  projectionAware: optional(boolean, true),
  /** Add what the projection drops, scaled by channels (default true): see `liftRecovered`. */
  recoveryScaling: optional(boolean, true),
  /** γ, by which the norm of what is recovered may grow in a step, or Infinity (default 1.01). */
  growth: optional(recoveryGrowth, 1.01),
};

/** The options of SubTrack++; without `projectionAware` and `recoveryScaling`, those of SubTrack. */
export interface SubtrackOptions extends OptionsOf<typeof subtrackOptions> {}

/**
 * SubTrack++: GaLore whose subspace turns along a geodesic towards the gradient, in place of an SVD at every refresh, with
 * Adam's moments turned along and with what the projection drops added to the step.
 *
 *     every T steps   P by `projectors.geodesic`, M and V by `rotateMoments`
 *     C = G·Pᵀ        N = M/(√V + ε), the moments of C        Res = φ ⊙ (G − c·C·P), limited to γ times the last norm
 *     W ← W − step·(c·N·P + Res)                              W ← (1 − η·decay)·W
 *
 * State of a weight [n, m] with M ≥ μ: 2·r·M + r·μ floats, of which the last are P, and one for the limiter. Pitfalls: the
 * size of a turn goes with the square of the gradient, so `stepSize` must be tuned (the scripts have 10 to 10⁴); with c ≠ 1
 * the residual keeps a part of the subspace. The published code turns tall weights by nothing, and its moments one step
 * before the basis and by the basis of step 0; here both turn together, with bias correction.
 * @throws OptionError `compress/nothing`, `projector/both-sides`, `options/…`
 * @see Rajabi, Nonta and Rambhatla, "SubTrack++: gradient subspace tracking for scalable LLM training", NeurIPS 2025,
 * arXiv 2502.01586.
 */
export function subtrack(options: SubtrackOptions) {
  if (arguments.length > 1) refuseExtra('subtrack', arguments, 1);
  const { learningRate, rank, beta1, beta2, epsilon, weightDecay, scale, projectionAware, recoveryScaling, ...rest } =
    readOptions('subtrack', subtrackOptions, options);
  const { stepSize, stepSizeSchedule, growth, projector = geodesic({ stepSize, stepSizeSchedule }), ...places } = rest;
  const parts = {
    projector,
    rank,
    inner: scaleByAdam({ beta1, beta2, epsilon, biasCorrection: 'none' }),
    onRefresh: projectionAware ? rotateMoments(projector, { beta1, beta2 }) : 'keep',
    ...places,
  } as const;
  const combine = recoveryScaling
    ? liftRecovered<AdamState>({ scale, growth })
    : liftScaled<AdamState, NormLimit | undefined>(scale);
  return chain(
    compress({ ...parts, combine }),
    correctBias({ beta1, beta2 }),
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}
