import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import { scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { compress } from '../compress';
import { compressedSideKind, onSide } from '../compressed-side';
import { liftScaled } from '../lift-scaled';
import { svd } from '../projectors/svd';
import { subspaceAdamOptions } from './adam-options';

export const galoreOptions = {
  ...subspaceAdamOptions,
  /** c, the size of compressed steps against the others (default 0.25). */
  scale: optional(number({ low: Number.MIN_VALUE }), 0.25),
  /** Which side is compressed, GaLore's `proj_type`: `std` (default) the smaller one. */
  side: optional(compressedSideKind, 'std'),
  /** Correct the moments for their start from zero (default true). */
  correctBias: optional(boolean, true),
};

/** The options of GaLore. */
export interface GaloreOptions extends OptionsOf<typeof galoreOptions> {}

/**
 * GaLore: Adam on P-coordinates of the gradient, P the r leading singular vectors of a recent one.
 *
 *     every T steps   P ← V_rᵀ of the gradient at hand, the moments stay as they are
 *     C = G·Pᵀ        N = Adam(C)        W ← W − η·c·N·P        W ← (1 − η·decay)·W
 *
 * State of a weight [n, m] with M ≥ μ: 2·r·M + r·μ floats, of which the last are P. Pitfalls: the round trip is biased;
 * singular vectors have either sign, so a refresh turns the sense of moments that stay; c is a part of the learning rate,
 * but not of the decay.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Zhao et al., "GaLore: memory-efficient LLM training by gradient low-rank projection", ICML 2024, arXiv 2403.03507,
 * Algorithm 2.
 */
export function galore(options: GaloreOptions) {
  if (arguments.length > 1) refuseExtra('galore', arguments, 1);
  const { learningRate, rank, refreshEvery, beta1, beta2, epsilon, weightDecay, scale, side, correctBias, ...rest } =
    readOptions('galore', galoreOptions, options);
  const { projector = svd, ...places } = rest;
  return chain(
    compress({
      projector: onSide(projector, side),
      rank,
      inner: scaleByAdam({ beta1, beta2, epsilon, biasCorrection: correctBias ? 'step' : 'none' }),
      refreshEvery,
      onRefresh: 'keep',
      combine: liftScaled(scale),
      ...places,
    }),
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}
