import { boolean, choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import { scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { compress } from '../compress';
import { compressedSideKind, onSide } from '../compressed-side';
import { liftScaled } from '../lift-scaled';
import type { Projection, Projector } from '../projector';
import { coordinatesByNorm } from '../projectors/coordinates-by-norm';
import { coordinatesUnscaled } from '../projectors/coordinates-unscaled';
import { topCoordinates } from '../projectors/top-coordinates';
import { subspaceAdamOptions } from './adam-options';

type Selection = 'top' | 'norm' | 'squaredNorm' | 'uniform';

const grassOptions = {
  ...subspaceAdamOptions,
  /**
   * Which rows a refresh selects: the `top` ones by their norms in the gradient at hand (default); draws with replacement
   * by the `norm` or the `squaredNorm`, each with the weight that makes the round trip unbiased; or `uniform` draws without
   * replacement, as they are.
   */
  select: optional(choice<Selection>('top', 'norm', 'squaredNorm', 'uniform'), 'top'),
  /** α, the size of compressed steps against the others (default 0.25, GaLore's). */
  scale: optional(number({ low: Number.MIN_VALUE }), 0.25),
  /** Start the moments and their count of steps again at a refresh (default true). */
  reset: optional(boolean, true),
  /** Which side has the rows, GaLore's `proj_type`: `std` (default) the smaller one. */
  side: optional(compressedSideKind, 'std'),
};

/** The options of GRASS. */
export interface GrassOptions extends OptionsOf<typeof grassOptions> {}

/**
 * GRASS: Adam on a few rows of the gradient, or columns where these are the smaller side; all others stand still.
 *
 *     every T steps   r rows σ_1 … σ_r are selected, with weights ρ_l, and the moments start again
 *     C_l = ρ_l·G_{σ_l}        N = Adam(C)        W_{σ_l} ← W_{σ_l} − η·α·ρ_l·N_l        W ← (1 − η·decay)·W
 *
 * ρ is 1 for `top` and `uniform`, and 1/√(r·q_σ) for draws with the chances q. State of a weight [n, m] with M ≥ μ:
 * 2·r·M + 2·r floats, the last of them rows and weights, which `uniform` has not. Pitfalls: a row that is drawn twice has
 * moments for each draw, and takes both steps; a weight decay moves the rows that stand still too. The authors have
 * published no program: the defaults are those of GaLore's.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Muhamed et al., "GRASS: compute efficient low-memory LLM training with structured sparse gradients", EMNLP 2024,
 * arXiv 2406.17660, Algorithm 1.
 */
export function grass(options: GrassOptions) {
  if (arguments.length > 1) refuseExtra('grass', arguments, 1);
  const { learningRate, beta1, beta2, epsilon, weightDecay, select, scale, reset, side, ...rest } = readOptions(
    'grass',
    grassOptions,
    options,
  );
  const { projector = selecting(select), ...places } = rest;
  return chain(
    compress({
      projector: onSide(projector, side),
      inner: scaleByAdam({ beta1, beta2, epsilon, biasCorrection: 'step' }),
      onRefresh: reset ? 'reset' : 'keep',
      combine: liftScaled(scale),
      ...places,
    }),
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}

function selecting(select: Selection): Projector<Projection> {
  if (select === 'top') return topCoordinates;
  return select === 'uniform' ? coordinatesUnscaled : coordinatesByNorm({ of: select });
}
