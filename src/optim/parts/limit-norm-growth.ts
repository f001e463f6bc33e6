import { checkArgument, kindOf, number, refuseExtra } from '../../base/options';
import { checkTensor } from '../../tensor/check';
import { checkFloat } from '../../tensor/op';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { equal } from '../../tensor/ops/elementwise/compare';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { where } from '../../tensor/ops/elementwise/where';
import { sumSquares } from '../../tensor/ops/reductions/sum-squares';
import type { Params, Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';
import { leafOf } from '../leaf';
import { type GradientTransform, mapParams, transform } from '../transform';

/** What a limiter keeps of one parameter. */
export interface NormLimit {
  /** ‖u‖ of the last update after its limit, a scalar; 0 before the first. */
  readonly norm: Tensor;
}

/** A limiter before its first update. */
export function noLimit(): NormLimit {
  if (arguments.length > 0) refuseExtra('noLimit', arguments, 0);
  return { norm: zeros([]) };
}

const limitKind = kindOf<NormLimit>('what noLimit() or the last call returned', (value) =>
  isTensor((value as Partial<NormLimit> | null)?.norm),
);

/**
 * The update with a norm at most γ times the last one: u/q with q = max(‖u‖/(‖u_last‖ + 1e-8), γ)/γ. The first update
 * only tells its norm, as does the first after an update of zeros, which the published code would hold at 1e-8.
 */
export function growthLimited(u: Tensor, limit: NormLimit, growth: number): [limited: Tensor, limit: NormLimit] {
  if (arguments.length > 3) refuseExtra('growthLimited', arguments, 3);
  checkTensor('growthLimited', u);
  checkFloat('growthLimited', u);
  checkArgument('growthLimited', 'limit', limitKind, limit);
  checkArgument('growthLimited', 'growth', growthKind, growth);
  const { norm } = limit;
  const size = sqrt(sumSquares(u));
  const ratio = div(maximum(div(size, add(norm, 1e-8)), growth), growth);
  const q = where(equal(norm, 0), 1, ratio);
  return [div(u, q), { norm: div(size, q) }];
}

/** The state of `limitNormGrowth`. */
export interface NormGrowthState {
  /** The norm of each last update after its limit, 0 before the first. */
  readonly norms: Params;
}

/** γ: 1.01 lets a norm grow by one percent from step to step. */
export const growthKind = number({ low: 1 });

/**
 * Limit how fast the norm of each parameter's update may grow, against spikes: see `growthLimited`. One float of state
 * for each parameter.
 * @see Chen et al., "Fira", arXiv 2410.01623, section 4.3; APOLLO (arXiv 2412.05270) has it too.
 */
export function limitNormGrowth(growth = 1.01): GradientTransform<NormGrowthState> {
  if (arguments.length > 1) refuseExtra('limitNormGrowth', arguments, 1);
  checkArgument('limitNormGrowth', 'growth', growthKind, growth);
  return transform<NormGrowthState>({
    name: 'limitNormGrowth',
    leafwise: true,
    init: (params) => ({ norms: mapParams(params, () => noLimit().norm) }),
    update(grads, { norms }) {
      const moved = Object.entries(grads).map(([path, u]) => {
        const [limited, { norm }] = growthLimited(u, { norm: leafOf('limitNormGrowth', norms, path) }, growth);
        return [path, limited, norm] as const;
      });
      return [
        Object.fromEntries(moved.map(([path, u]) => [path, u])),
        { norms: { ...norms, ...Object.fromEntries(moved.map(([path, , norm]) => [path, norm])) } },
      ];
    },
  });
}
