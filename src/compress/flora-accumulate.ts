import { OptionError } from '../base/errors';
import { fold, key, seedKind } from '../base/key';
import { optional, readOptionsOf, refuseExtra, required, type SpecificationOf, whole } from '../base/options';
import { type Filter, filterKind, passes } from '../optim/filter';
import { leafOf } from '../optim/leaf';
import { countLeaves, type LeafCounts, leavesSeen, zeroCounts } from '../optim/leaf-counts';
import {
  type CompressedGradient,
  type GradientTransform,
  mapParams,
  transform,
  transformKind,
} from '../optim/transform';
import { zeros } from '../tensor/ops/create';
import { add } from '../tensor/ops/elementwise/add';
import { div } from '../tensor/ops/elementwise/div';
import type { Params, Tensor } from '../tensor/tensor';
import { matrixFilter, treatments } from './filter';
import { compressedShape, type Projector, projectorKind } from './projector';
import { gaussian } from './projectors/gaussian';

/** Length of a cycle, size of its sums, and what gets their mean. */
export interface FloraAccumulateOptions<S> {
  /** τ in the paper: gradients per cycle. */
  readonly steps: number;
  /** Rows of the projection. */
  readonly rank: number;
  /** The transform that gets the mean gradient of each cycle. */
  readonly inner: GradientTransform<S>;
  /** How gradients are projected (default `projectors.gaussian`, the paper's): by one that does not look at them. */
  readonly projector?: Projector;
  /** What all projections are drawn from (default 0). */
  readonly seed?: number;
  /** Which parameters are compressed (default: matrices whose smaller dimension is at least the rank). */
  readonly filter?: Filter;
}

const floraAccumulateOptions = {
  steps: required(whole({ low: 1 })),
  rank: required(whole({ low: 1 })),
  inner: required(transformKind),
  projector: optional(projectorKind, gaussian),
  seed: optional(seedKind, 0),
  filter: optional(filterKind),
} satisfies SpecificationOf<FloraAccumulateOptions<unknown>>;

/** The state of `floraAccumulate`. */
export interface FloraAccumulateState<S> {
  /** Cycles done; the projections are a function of it. */
  readonly cycle: number;
  /** Gradients in the sums so far. */
  readonly count: number;
  /** For each leaf, how many of these gradients had it. */
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
 * @throws OptionError `projector/looks-at-gradients`, `options/…`
 * @see Flora (Hao, Cao and Mou, ICML 2024), Algorithm 1.
 */
export function floraAccumulate<S>(options: FloraAccumulateOptions<S>): GradientTransform<FloraAccumulateState<S>> {
  if (arguments.length > 1) refuseExtra('floraAccumulate', arguments, 1);
  const { steps, rank, inner, projector, seed, ...rest } = readOptionsOf<
    FloraAccumulateOptions<S>,
    typeof floraAccumulateOptions
  >('floraAccumulate', floraAccumulateOptions, options);
  if (projector.refresh) throw looksAtGradients(projector.name);
  const { filter = matrixFilter({ rank }) } = rest;

  // A is drawn from the key of its cycle each time it is used, never kept. A leaf that is not compressed has none.
  const drawn = (path: string, x: Tensor, cycle: number) =>
    passes(filter, path, x)
      ? projector.sample(fold(key(seed), path, 'accumulation', cycle), x.shape, rank, cycle)
      : undefined;
  const zero = (x: Tensor, path: string): Tensor => {
    const A = drawn(path, x, 0);
    return zeros(A ? compressedShape(projector, A) : x.shape);
  };
  const down: Down = (path, { cycle }, G) => {
    const A = drawn(path, G, cycle);
    return A ? projector.down(A, G) : G;
  };
  const up = (path: string, cycle: number, C: Tensor, parameter: Tensor): Tensor => {
    const A = drawn(path, parameter, cycle);
    return A ? projector.up(A, C) : C;
  };
  const empty = (params: Params) => ({ count: 0, counts: zeroCounts(params), sums: mapParams(params, zero) });

  /** The same down, which shows what it compresses. */
  const seenDown =
    (see: (compressed: CompressedGradient) => void): Down =>
    (path, state, gradient) => {
      const compressed = down(path, state, gradient);
      const A = drawn(path, gradient, state.cycle);
      if (A) {
        const maps = { down: (x: Tensor) => projector.down(A, x), up: (C: Tensor) => projector.up(A, C) };
        const at = { step: state.cycle * steps + state.count, refreshes: state.cycle };
        see({ path, ...at, projector: projector.name, side: A.side, rank, gradient, compressed, ...maps });
      }
      return compressed;
    };

  const accumulating = (goDown: Down): GradientTransform<FloraAccumulateState<S>> =>
    transform<FloraAccumulateState<S>>({
      name: 'floraAccumulate',
      linear: inner.linear === true,
      init: (params) => ({ cycle: 0, ...empty(params), inner: inner.init(params) }),
      explain: (params) => treatments(params, filter, projector, () => rank),
      observed: (see) => accumulating(seenDown(see)),
      update(grads, state, params) {
        const { cycle } = state;
        const count = state.count + 1;
        const counts = countLeaves(state.counts, grads);
        const arrived = mapParams(grads, (G, path) => {
          const C = leafOf('floraAccumulate', state.sums, path);
          return add(C, goDown(path, state, G)); // C ← C + G·Aᵀ
        });
        const sums = { ...state.sums, ...arrived };
        if (count < steps) return [{}, { ...state, count, counts, sums }];
        const means = mapParams(leavesSeen(sums, counts), (C, path) => {
          const parameter = leafOf('floraAccumulate', params, path);
          return up(path, cycle, div(C, steps), parameter); // (C/τ)·A
        });
        const [updates, innerState] = inner.update(means, state.inner, params);
        return [updates, { cycle: cycle + 1, ...empty(params), inner: innerState }];
      },
    });
  return accumulating(down);
}

/** G → C under the projection of the cycle; a leaf that is not compressed stays as it is. */
type Down = (path: string, at: Pick<FloraAccumulateState<unknown>, 'cycle' | 'count'>, G: Tensor) => Tensor;

function looksAtGradients(name: string): OptionError {
  return new OptionError({
    code: 'projector/looks-at-gradients',
    got: `floraAccumulate got the projector ${name}, which is made for one gradient`,
    expected: 'one projection for all gradients of a cycle, a function of its key',
    fix: 'use a projector without refresh, such as projectors.gaussian',
  });
}
