import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, required } from '../../base/options';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import type { Params } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { type GradientTransform, mapParams, transform } from '../transform';
import { zerosLike } from './moving-mean';

/** The state of `momentum`. */
export interface MomentumState {
  /** Decaying sum of each gradient, zero at first. */
  readonly trace: Params;
}

const momentumOptions = {
  /** Weight of the past, μ in [0, 1]. */
  decay: required(number({ low: 0, high: 1 })),
  /** Look one step ahead: u = g + μ·b (default false). */
  nesterov: optional(boolean, false),
};

/** Weight of the past, and how the sum is used. */
export interface MomentumOptions extends OptionsOf<typeof momentumOptions> {}

/**
 * SGD's momentum, a decaying sum: b ← μ·b + g, u = b. Linear.
 * @see Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013; PyTorch's form.
 */
export function momentum(options: MomentumOptions): GradientTransform<MomentumState> {
  if (arguments.length > 1) refuseExtra('momentum', arguments, 1);
  const { decay, nesterov } = readOptions('momentum', momentumOptions, options);
  return transform<MomentumState>({
    name: 'momentum',
    linear: true,
    decay,
    leafwise: true,
    init: (params) => ({ trace: zerosLike(params) }),
    update(grads, state) {
      const moved = mapParams(grads, (g, path) => axpby(decay, leafOf('momentum', state.trace, path), 1, g));
      const updates = nesterov
        ? mapParams(grads, (g, path) => axpby(1, g, decay, leafOf('momentum', moved, path)))
        : moved;
      return [updates, { trace: { ...state.trace, ...moved } }];
    },
  });
}
