import { choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { div } from '../../tensor/ops/elementwise/div';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square as squared } from '../../tensor/ops/elementwise/square';
import type { Params } from '../../tensor/tensor';
import { stepLeaves } from '../step-leaves';
import { type GradientTransform, transform } from '../transform';
import { zerosLike } from './moving-mean';

/** The state of `scaleByAdam`. */
export interface AdamState {
  /** Updates so far, t. */
  readonly step: number;
  /** M, moving mean of each gradient. */
  readonly mean: Params;
  /** V, moving mean of its square. */
  readonly square: Params;
}

export const scaleByAdamOptions = {
  /** Decay of the mean, β1 (default 0.9). */
  beta1: optional(number({ low: 0, high: 1 }), 0.9),
  /** Decay of the mean square, β2 (default 0.999). */
  beta2: optional(number({ low: 0, high: 1 }), 0.999),
  /** ε, added to the root (default 1e-8). */
  epsilon: optional(number({ low: 0 }), 1e-8),
};

const options = {
  ...scaleByAdamOptions,
  /**
   * How the start of the moments from zero is made up for: `moments` (default) corrects both before the root, as PyTorch
   * does; `step` multiplies M/(√V + ε) by √(1 − β2^t)/(1 − β1^t), the efficient form of the paper's section 2, in which ε
   * is larger by 1/√(1 − β2^t), as GaLore and its kin have it; `none` leaves M/(√V + ε), for `correctBias` to correct.
   */
  biasCorrection: optional(choice('moments', 'step', 'none'), 'moments'),
};

/** Decays of the moments, and their correction. */
export interface ScaleByAdamOptions extends OptionsOf<typeof options> {}

/**
 * Adam without its learning rate: the mean of past gradients over the root of the mean of their squares, both corrected
 * for their start from zero.
 * @see Kingma and Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980, Algorithm 1.
 */
export function scaleByAdam(given: ScaleByAdamOptions = {}): GradientTransform<AdamState> {
  if (arguments.length > 1) refuseExtra('scaleByAdam', arguments, 1);
  const { beta1, beta2, epsilon: least, biasCorrection } = readOptions('scaleByAdam', options, given);
  const name = 'scaleByAdam';
  return transform<AdamState>({
    name,
    leafwise: true,
    init: (params) => ({ step: 0, mean: zerosLike(params), square: zerosLike(params) }),
    update(grads, state) {
      const t = state.step + 1;
      const corrected = biasCorrection !== 'none';
      const [correction1, correction2] = corrected ? [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)] : [1, 1];
      // √c2·M·c1/(√c2·(√V + ε)): the efficient form is the other one with this ε.
      const epsilon = biasCorrection === 'step' ? least * Math.sqrt(correction2) : least;
      const { update, mean, square } = stepLeaves(
        name,
        { g: grads, mean: state.mean, square: state.square },
        {
          results: ['update', 'mean', 'square'],
          formula({ g, mean, square }) {
            const m = axpby(beta1, mean, 1 - beta1, g); // m ← β1·m + (1 − β1)·g
            const v = axpby(beta2, square, 1 - beta2, squared(g)); // v ← β2·v + (1 − β2)·g²
            const mHat = mul(m, correction1); // m̂ = m/(1 − β1^t)
            const vHat = mul(v, correction2); // v̂ = v/(1 − β2^t)
            return { update: div(mHat, add(sqrt(vHat), epsilon)), mean: m, square: v }; // u = m̂/(√v̂ + ε)
          },
          accelerator: 'adam',
          kernel: (on, leaves) => on.adam(leaves, { beta1, beta2, correction1, correction2, epsilon }),
        },
      );
      return [update, { step: t, mean: { ...state.mean, ...mean }, square: { ...state.square, ...square } }];
    },
  });
}
