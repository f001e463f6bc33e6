import { fold, key, seedKind } from '../base/key';
import { optional, readOptionsOf, refuseExtra, required, type SpecificationOf, whole } from '../base/options';
import { leafOf } from '../optim/leaf';
import { countLeaves, type LeafCounts, leavesSeen, zeroCounts } from '../optim/leaf-counts';
import { type GradientTransform, mapParams, transform, transformKind } from '../optim/transform';
import { zeros } from '../tensor/ops/create';
import { add } from '../tensor/ops/elementwise/add';
import { mul } from '../tensor/ops/elementwise/mul';
import type { Params, Tensor } from '../tensor/tensor';
import { type Filter, filterKind, matrixFilter, passes, treatments } from './filter';
import { compressedShape } from './projector';
import { gaussian } from './projectors/gaussian';

/** Length of a cycle, size of its sums, and what gets their mean. */
export interface FloraAccumulateOptions<S> {
  /** τ in the paper: gradients per cycle. */
  readonly steps: number;
  /** Rows of the projection. */
  readonly rank: number;
  /** The transform that gets the mean gradient of each cycle. */
  readonly inner: GradientTransform<S>;
  /** What all projections are drawn from (default 0). */
  readonly seed?: number;
  /** Which parameters are compressed (default: matrices whose smaller dimension is at least the rank). */
  readonly filter?: Filter;
}

const floraAccumulateOptions = {
  steps: required(whole({ low: 1 })),
  rank: required(whole({ low: 1 })),
  inner: required(transformKind),
  seed: optional(seedKind, 0),
  filter: optional(filterKind),
} satisfies SpecificationOf<FloraAccumulateOptions<unknown>>;

/** The state of `floraAccumulate`. */
export interface FloraAccumulateState<S> {
  /** Cycles done; the projections are a function of it. */
  readonly cycle: number;
  /** Gradients in the sums so far. */
  readonly count: number;
  /** Of these, how many had each leaf. */
  readonly counts: LeafCounts;
  /** Σ G·Aᵀ for compressed parameters, Σ G for the others. */
  readonly sums: Params;
  /** State of the transform that gets the means. */
  readonly inner: S;
}

/**
 * Gradient accumulation without the dense buffer: a cycle sums down(G) of `steps` gradients under one projection, then
 * projects the mean up and hands it to `inner` as if it were one gradient; the next cycle draws a new projection.
 * Between the ends of cycles no leaf is returned and `inner` does not move. A leaf that is absent from some of the
 * gradients counts as zero there; one that is absent from all of them is absent from the mean.
 * @see Flora (Hao, Cao and Mou, ICML 2024), Algorithm 1.
 */
export function floraAccumulate<S>(options: FloraAccumulateOptions<S>): GradientTransform<FloraAccumulateState<S>> {
  if (arguments.length > 1) refuseExtra('floraAccumulate', arguments, 1);
  const { steps, rank, inner, seed, ...rest } = readOptionsOf<FloraAccumulateOptions<S>, typeof floraAccumulateOptions>(
    'floraAccumulate',
    floraAccumulateOptions,
    options,
  );
  const { filter = matrixFilter({ rank }) } = rest;
  const projector = gaussian;
  const isCompressed = (path: string, tensor: Tensor): boolean => passes(filter, path, tensor);
  const draw = (path: string, { shape }: Tensor, cycle: number) =>
    projector.sample(fold(key(seed), path, 'accumulation', cycle), shape, rank, cycle);
  const empty = (params: Params) => ({
    count: 0,
    counts: zeroCounts(params),
    sums: mapParams(params, (x, path) =>
      zeros(isCompressed(path, x) ? compressedShape(projector, draw(path, x, 0)) : x.shape),
    ),
  });

  return transform<FloraAccumulateState<S>>({
    name: 'floraAccumulate',
    linear: inner.linear === true,
    init: (params) => ({ cycle: 0, ...empty(params), inner: inner.init(params) }),
    explain: (params) => treatments(params, filter, projector, rank),
    update(grads, state, params) {
      const count = state.count + 1;
      const counts = countLeaves(state.counts, grads);
      const arrived = mapParams(grads, (g, path) =>
        add(
          leafOf('floraAccumulate', state.sums, path),
          isCompressed(path, g) ? projector.down(draw(path, g, state.cycle), g) : g,
        ),
      );
      const sums = { ...state.sums, ...arrived };
      if (count < steps) return [{}, { ...state, count, counts, sums }];
      const means = mapParams(leavesSeen(sums, counts), (sum, path) => {
        const parameter = leafOf('floraAccumulate', params, path);
        const mean = mul(sum, 1 / steps);
        return isCompressed(path, parameter) ? projector.up(draw(path, parameter, state.cycle), mean) : mean;
      });
      const [updates, innerState] = inner.update(means, state.inner, params);
      return [updates, { cycle: state.cycle + 1, ...empty(params), inner: innerState }];
    },
  });
}
