import {
  boolean,
  choice,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  type ValuesOf,
} from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import { correctBias } from '../../optim/parts/correct-bias';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import { growthKind, growthLimited, type NormLimit, noLimit } from '../../optim/parts/limit-norm-growth';
import { type AdamState, scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { mul } from '../../tensor/ops/elementwise/mul';
import type { Combine } from '../combine';
import { compress } from '../compress';
import { compressedSideKind, onSide } from '../compressed-side';
import { rankKind } from '../leaf-rules';
import { rankAxis } from '../projector';
import { gaussian } from '../projectors/gaussian';
import { scaleByChannels } from '../scale-by-channels';
import { subspaceAdamOptions } from './adam-options';

const positive = number({ low: Number.MIN_VALUE });
const granularity = choice('channel', 'tensor');

const apolloOptions = {
  ...subspaceAdamOptions,
  /** α; compressed steps are √α times as large (default 1). */
  scale: optional(positive, 1),
  /** Take √α before the limiter, not after it (default false), as `scale_front` of the code does. */
  scaleFront: optional(boolean, false),
  /** A factor for each `channel` of the side that is not compressed (default), or one for the `tensor`. */
  per: optional(granularity, 'channel'),
  /** γ, by which the norm of an update may grow in a step (default 1.01). */
  growth: optional(growthKind, 1.01),
  /** Which side is compressed: `std` (default) the smaller one. */
  side: optional(compressedSideKind, 'std'),
};

/** The options of APOLLO. */
export interface ApolloOptions extends OptionsOf<typeof apolloOptions> {}

/**
 * APOLLO: the compressed Adam says only how large the step of each channel is; the gradient itself says where it goes, so
 * a step has full rank.
 *
 *     every T steps   a new Gaussian P, the moments stay as they are
 *     C = P·G         N = M/(√V + ε), the moments of C         φ_j = ‖N_j‖/‖C_j‖
 *     U = φ ⊙ G       limited to γ times the last norm         W ← W − step·√α·U
 *
 * State of a weight [n, m] with M ≥ μ: 2·r·M + 1 floats; P is drawn from its seed. Pitfalls: φ has no bias correction, the
 * step has; the setting is √α, not α; the limiter's norm survives refreshes, and there is none in the first step. Norms
 * run over r on either side, where the published code goes by the shape and fails on the larger dimension.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Zhu et al., "APOLLO: SGD-like memory, AdamW-level performance", MLSys 2025, arXiv 2412.05270, Algorithm 1.
 */
export function apollo(options: ApolloOptions) {
  if (arguments.length > 1) refuseExtra('apollo', arguments, 1);
  return apolloWith(readOptions('apollo', apolloOptions, options));
}

const apolloMiniOptions = {
  ...apolloOptions,
  /** Rows of the projection, or a rule (default 1). */
  rank: optional(rankKind, 1),
  /** α; compressed steps are √α times as large (default 128). */
  scale: optional(positive, 128),
  /** A factor for each `channel` of the side that is not compressed, or one for the `tensor` (default). */
  per: optional(granularity, 'tensor'),
};

/** The options of APOLLO-Mini: APOLLO's, with other defaults. */
export interface ApolloMiniOptions extends OptionsOf<typeof apolloMiniOptions> {}

/**
 * APOLLO-Mini: rank 1, and one factor for the whole matrix, √128 times as large: the memory of SGD.
 * State of a weight [n, m]: 2·max(n, m) + 1 floats.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Zhu et al., arXiv 2412.05270, section 4.3.
 */
export function apolloMini(options: ApolloMiniOptions) {
  if (arguments.length > 1) refuseExtra('apolloMini', arguments, 1);
  return apolloWith(readOptions('apolloMini', apolloMiniOptions, options));
}

function apolloWith(options: ValuesOf<typeof apolloOptions>) {
  const { learningRate, rank, refreshEvery, beta1, beta2, epsilon, weightDecay, side } = options;
  const { projector = gaussian, scale, scaleFront, per, growth, stagger, filter, seed } = options;
  const [before, after] = scaleFront ? [Math.sqrt(scale), 1] : [1, Math.sqrt(scale)];
  const step: Combine<AdamState, NormLimit> = (G, leaf, { refresh, down, inner }) => {
    leaf = refresh(leaf);
    const C = down(leaf, G);
    const [N, next] = inner(leaf, C);
    const scaled = scaleByChannels(G, N, C, per === 'channel' ? rankAxis(leaf.projection) : undefined);
    const [U, own] = growthLimited(mul(scaled, before), leaf.own, growth);
    return [mul(U, after), { ...next, own }];
  };
  return chain(
    compress({
      projector: onSide(projector, side),
      rank,
      inner: scaleByAdam({ beta1, beta2, epsilon, biasCorrection: 'none' }),
      refreshEvery,
      onRefresh: 'keep',
      combine: Object.assign(step, { init: () => noLimit() }),
      stagger,
      filter,
      seed,
    }),
    correctBias({ beta1, beta2 }),
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}
