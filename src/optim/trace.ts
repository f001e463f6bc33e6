import { checkNumber, checkOptions } from '../base/errors';
import { axpby } from '../tensor/ops/axpby';
import type { Params } from '../tensor/tensor';
import { leafOf } from './leaf';
import { zerosLike } from './moving-mean';
import { type GradientTransform, mapParams, transform } from './transform';

/** The state of `trace`. */
export interface TraceState {
  /** Decaying sum of each gradient, zero at first. */
  readonly trace: Params;
}

/** Weight of the past, and how the sum is used. */
export interface TraceOptions {
  /** Weight of the past, μ in [0, 1]. */
  readonly decay: number;
  /** Look one step ahead: u = g + μ·b (default false). */
  readonly nesterov?: boolean;
}

/**
 * SGD's momentum, a decaying sum: b ← μ·b + g, u = b. Linear.
 * @see Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013; PyTorch's form.
 */
export function trace(options: TraceOptions): GradientTransform<TraceState> {
  checkOptions('trace', options, ['decay', 'nesterov']);
  const { decay, nesterov = false } = options;
  checkNumber('trace', 'decay', decay, { low: 0, high: 1 });
  return transform<TraceState>({
    name: 'trace',
    linear: true,
    leafwise: true,
    init: (params) => ({ trace: zerosLike(params) }),
    update(grads, state) {
      const moved = mapParams(grads, (g, path) => axpby(decay, leafOf('trace', state.trace, path), 1, g));
      const updates = nesterov
        ? mapParams(grads, (g, path) => axpby(1, g, decay, leafOf('trace', moved, path)))
        : moved;
      return [updates, { trace: { ...state.trace, ...moved } }];
    },
  });
}
