import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { lazyRefresh } from '../projectors/lazy-refresh';
import { quantised } from '../projectors/quantised';
import { svd } from '../projectors/svd';
import { bitsKind, groupSizeKind } from '../quantise';
import { galore, galoreOptions } from './galore';

const qGaloreOptions = {
  ...galoreOptions,
  /** Bits of an entry of P: 2, 4 or 8 (default 4, as in the paper; classes of the code have 8). */
  bits: optional(bitsKind, 4),
  /** Entries of P that share a scale (default: those of a singular vector). */
  groupSize: optional(groupSizeKind),
  /** Quantise by the published rule, whose range need not include 0 (default false): see `quantised`. */
  reference: optional(boolean, false),
  /** Similarities of first singular vectors whose mean counts, the last ones (default 5). */
  window: optional(whole({ low: 1 }), 5),
  /** Mean similarity from which on the interval grows (default 0.4). */
  threshold: optional(number({ low: -1, high: 1 }), 0.4),
  /** What the interval is multiplied by when it grows (default 2). */
  factor: optional(whole({ low: 2 }), 2),
  /** Compare singular vectors with their signs, as the published code does (default false): see `lazyRefresh`. */
  signed: optional(boolean, false),
};

/** The options of Q-GaLore. */
export interface QGaloreOptions extends OptionsOf<typeof qGaloreOptions> {}

/**
 * Q-GaLore: GaLore with the projection in 4 bits, refreshed less often where its subspace stays as it is.
 *
 *     when due   P ← Q(V_rᵀ) of the gradient at hand, the moments stay as they are
 *                the interval T doubles if the last five |cos(v₁, v₁ before)| have a mean of 0.4 or more
 *     C = G·Pᵀ   N = Adam(C)        W ← W − η·c·N·P        W ← (1 − η·decay)·W
 *
 * State of a weight [n, m] with M ≥ μ: 2·r·M + ⌈r·μ/8⌉ + 2·r + μ floats: moments, codes of P, scales and zeros, the first
 * singular vector. The moments are float32 and weights are not rounded, both unlike the paper, which has 8 bits for each:
 * a tensor has no such dtype here. Pitfalls: those of GaLore; P is not orthonormal; a mean of similarities once above the
 * threshold doubles the interval at every refresh. With a `projector` of your own nothing is wrapped around it.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Zhang et al., "Q-GaLore: quantized GaLore with INT4 projection and layer-adaptive low-rank gradients", 2024, arXiv
 * 2407.08296, Algorithm 1.
 */
export function qGalore(options: QGaloreOptions) {
  if (arguments.length > 1) refuseExtra('qGalore', arguments, 1);
  const { bits, groupSize, reference, window, threshold, factor, signed, projector, ...rest } = readOptions(
    'qGalore',
    qGaloreOptions,
    options,
  );
  const lazy = lazyRefresh(svd, { window, threshold, factor, signed });
  return galore({ ...rest, projector: projector ?? quantised(lazy, { bits, groupSize, reference }) });
}
