import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { chain } from '../../optim/combinators/chain';
import { decayAfterStep } from '../../optim/parts/decay-after-step';
import { type AdamState, scaleByAdam } from '../../optim/parts/scale-by-adam';
import { scaleByLearningRate } from '../../optim/parts/scale-by-learning-rate';
import { mapParams } from '../../optim/transform';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { compress } from '../compress';
import { intervalKind } from '../leaf-rules';
import { liftScaled } from '../lift-scaled';
import type { Projection, Projector } from '../projector';
import type { Carry } from '../subspace';
import { subspaceAdamOptions } from './adam-options';
import { coapProjector } from './coap-projector';

const coapOptions = {
  ...subspaceAdamOptions,
  /** T_u: optimizer steps between changes of the projection, Infinity for never, or a rule (default 32). */
  refreshEvery: optional(intervalKind, 32),
  /** λ: changes from one projection that is made anew to the next one; those between are steps down J (default 5). */
  reprojectFactor: optional(whole({ low: 1 }), 5),
  /** Carry the moments to the new projection (default false); else they stay as they are. */
  restoreState: optional(boolean, false),
  /** c, the size of compressed steps against the others (default 1). */
  scale: optional(number({ low: Number.MIN_VALUE }), 1),
};

/** The options of COAP. */
export interface CoapOptions extends OptionsOf<typeof coapOptions> {}

/**
 * COAP: GaLore whose projection follows the momentum: it moves down what it loses of the gradient times how little the
 * momentum goes along, and is made anew now and then, without an SVD of the whole gradient.
 *
 *     every T steps      P ← P − 0.1·∇J, ‖∇J‖ clipped to 1       J = MSE(G·PᵀP, G)·(1 − mean_i cos((M·P)_i, G_i))
 *     every λ·T steps    Q = qr(G·Pᵀ)                            P ← V_rᵀ of Qᵀ·G
 *     C = G·Pᵀ           N = Adam(C)        W ← W − η·c·N·P      W ← (1 − η·decay)·W
 *
 * With `restoreState`, M ← M·P_old·Pᵀ and V ← (√V·P_old·Pᵀ)². The first projection is made from Gaussian rows of the seed.
 * State of a weight [n, m] with M ≥ μ: 2·r·M + r·μ floats, of which the last are P. Pitfalls: between two new projections
 * the rows of P are not orthonormal; cosines run over rows of the weight on both sides, so a weight and its transpose do
 * not take the same steps; the published code leaves weights dense whose smaller dimension is the rank.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Xiao et al., "COAP: memory-efficient training with correlation-aware gradient projection", CVPR 2025, arXiv
 * 2412.00071.
 */
export function coap(options: CoapOptions) {
  if (arguments.length > 1) refuseExtra('coap', arguments, 1);
  const { learningRate, beta1, beta2, epsilon, weightDecay, reprojectFactor, restoreState, scale, ...rest } =
    readOptions('coap', coapOptions, options);
  const { projector = coapProjector(reprojectFactor), ...places } = rest;
  return chain(
    compress({
      projector,
      inner: scaleByAdam({ beta1, beta2, epsilon, biasCorrection: 'step' }),
      onRefresh: restoreState ? restored(projector) : 'keep',
      combine: liftScaled(scale),
      ...places,
    }),
    scaleByLearningRate(learningRate),
    decayAfterStep(weightDecay, learningRate),
  );
}

/** Both moments under the new projection, the second one by its root. */
function restored<P extends Projection>(projector: Projector<P>): Carry<AdamState, P> {
  return ({ step, mean, square: second }, from, to) => ({
    step,
    mean: mapParams(mean, (M) => projector.transfer(M, from, to)),
    square: mapParams(second, (V) => square(projector.transfer(sqrt(V), from, to))),
  });
}
