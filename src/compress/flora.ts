import { seedKind } from '../base/key';
import { choice, number, type OptionsOf, optional, readOptions, refuseExtra, required, whole } from '../base/options';
import { adafactorAround, adafactorParts } from '../optim/optimizers/adafactor';
import { ema } from '../optim/parts/ema';
import { compress, interval, lift, liftPlusRaw } from './compress';
import { filterKind, matrixFilter } from './filter';
import { projectorKind } from './projector';
import { gaussian } from './projectors/gaussian';

const floraOptions = {
  /** Rows of the projection: the state of a weight [n, m] is rank·max(n, m) + n + m floats. */
  rank: required(whole({ low: 1 })),
  /** κ in the paper: optimizer steps between new projections, Infinity for never (default 1000). */
  refreshEvery: optional(interval, 1000),
  /** Weight of the past in the momentum (default 0.9). */
  beta: optional(number({ low: 0, high: 1 }), 0.9),
  /**
   * `paper` (default): refresh if due, M ← β·M + (1 − β)·down(U), output up(M).
   * `flora-opt`, as the published code: output (1 − β)·U + β·up(M) first, then refresh if due, then update M.
   */
  ordering: optional(choice('paper', 'flora-opt'), 'paper'),
  /** How gradients are projected (default `projectors.gaussian`, the paper's). */
  projector: optional(projectorKind, gaussian),
  /** Which parameters are compressed (default: as flora-opt, matrices with min(n, m) ≥ rank and max/min ≤ 4). */
  filter: optional(filterKind),
  /** What all projections are drawn from (default 0). */
  seed: optional(seedKind, 0),
  ...adafactorParts,
};

/** Adafactor's options, with a compressed momentum in place of the dense one. */
export interface FloraOptions extends OptionsOf<typeof floraOptions> {}

/**
 * Flora: Adafactor whose momentum lives in a random low-dimensional subspace that is drawn anew every κ steps. With U
 * the normalised gradient and A [r, m] the projection: M ← β·M·A_old·Aᵀ + (1 − β)·U·Aᵀ, step along M·A.
 * @throws OptionError `compress/nothing`, `options/…`
 * @see Hao, Cao and Mou, "Flora: low-rank adapters are secretly gradient compressors", ICML 2024, Algorithm 2.
 * @example
 * const params = { weight: zeros([64, 64]), bias: zeros([64]) };
 * const transform = flora({ learningRate: 1e-2, rank: 16, refreshEvery: 100, seed: 1 });
 * const [weight, bias] = explain(transform, params);
 * console.log(weight?.reason, weight?.bytes, bias?.reason); // prints gaussian 4608 dense: not a matrix
 */
export function flora(options: FloraOptions) {
  if (arguments.length > 1) refuseExtra('flora', arguments, 1);
  const { rank, refreshEvery, beta, ordering, projector, filter, seed, ...parts } = readOptions(
    'flora',
    floraOptions,
    options,
  );
  const momentum = compress({
    projector,
    rank,
    inner: ema({ decay: beta }),
    refreshEvery,
    onRefresh: 'transfer',
    combine: ordering === 'paper' ? lift : liftPlusRaw(beta),
    filter: filter ?? matrixFilter({ rank, maxAspect: 4 }),
    seed,
  });
  return adafactorAround(momentum, parts);
}
