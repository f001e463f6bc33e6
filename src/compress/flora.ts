import { checkOptions, OptionError } from '../base/errors';
import { type AdafactorOptions, adafactorAround, adafactorOptionNames } from '../optim/adafactor';
import { ema } from '../optim/ema';
import { compress, lift, liftPlusRaw } from './compress';
import { type Filter, matrixFilter } from './filter';
import { gaussian } from './gaussian';
import type { Projector } from './projector';

/** Adafactor's options, with a compressed momentum in place of the dense one. */
export interface FloraOptions extends Omit<AdafactorOptions, 'momentum'> {
  /** Rows of the projection: the state of a weight [n, m] is rank·max(n, m) + n + m floats. */
  readonly rank: number;
  /** κ in the paper: optimizer steps between new projections (default 1000). */
  readonly refreshEvery?: number;
  /** Weight of the past in the momentum (default 0.9). */
  readonly beta?: number;
  /**
   * `paper` (default): refresh if due, M ← β·M + (1 − β)·down(U), output up(M).
   * `flora-opt`, as the published code: output (1 − β)·U + β·up(M) first, then refresh if due, then update M.
   */
  readonly ordering?: 'paper' | 'flora-opt';
  /** How gradients are projected (default `projectors.gaussian`, the paper's). */
  readonly projector?: Projector;
  /** Which parameters are compressed (default: as flora-opt, matrices with min(n, m) ≥ rank and max/min ≤ 4). */
  readonly filter?: Filter;
  /** What all projections are drawn from (default 0). */
  readonly seed?: number;
}

/**
 * Flora: Adafactor whose momentum lives in a random low-dimensional subspace that is drawn anew every κ steps. With U
 * the normalised gradient and A [r, m] the projection: M ← β·M·A_old·Aᵀ + (1 − β)·U·Aᵀ, step along M·A.
 * @throws OptionError `flora/ordering`, `compress/nothing`, `options/…`
 * @see Hao, Cao and Mou, "Flora: low-rank adapters are secretly gradient compressors", ICML 2024, Algorithm 2.
 * @example
 * const params = { weight: zeros([64, 64]), bias: zeros([64]) };
 * const transform = flora({ learningRate: 1e-2, rank: 16, refreshEvery: 100, seed: 1 });
 * const [weight, bias] = explain(transform, params);
 * console.log(weight?.reason, weight?.bytes, bias?.reason); // prints gaussian 4608 dense: not a matrix
 */
export function flora(options: FloraOptions) {
  checkOptions('flora', options, [...adafactorOptionNames, ...floraOptionNames]);
  const {
    rank,
    refreshEvery = 1000,
    beta = 0.9,
    ordering = 'paper',
    projector = gaussian,
    seed = 0,
    ...rest
  } = options;
  const { filter = matrixFilter({ rank, maxAspect: 4 }), ...adafactorOptions } = rest;
  if (ordering !== 'paper' && ordering !== 'flora-opt') throw unknownOrdering(ordering);
  const momentum = compress({
    projector,
    rank,
    inner: ema({ decay: beta }),
    refreshEvery,
    onRefresh: 'transfer',
    combine: ordering === 'paper' ? lift : liftPlusRaw(beta),
    filter,
    seed,
  });
  return adafactorAround('flora', momentum, adafactorOptions);
}

const floraOptionNames = ['rank', 'refreshEvery', 'beta', 'ordering', 'projector', 'filter', 'seed'];

function unknownOrdering(ordering: string): OptionError {
  return new OptionError({
    code: 'flora/ordering',
    got: `flora got ordering "${ordering}"`,
    expected: '"paper" or "flora-opt"',
    fix: 'leave it out for the order of the paper',
  });
}
