import { StateError } from '../../base/errors';
import { eye } from '../../tensor/ops/create';
import { abs } from '../../tensor/ops/elementwise/abs';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { greater } from '../../tensor/ops/elementwise/compare';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { neg } from '../../tensor/ops/elementwise/neg';
import { sub } from '../../tensor/ops/elementwise/sub';
import { where } from '../../tensor/ops/elementwise/where';
import { concat } from '../../tensor/ops/movement/concat';
import { slice } from '../../tensor/ops/movement/slice';
import { matmul } from '../../tensor/ops/products/matmul';
import { norm } from '../../tensor/ops/reductions/norm';
import { mean } from '../../tensor/ops/reductions/sum';
import { sort } from '../../tensor/ops/rows/sort';
import { runInScope } from '../../tensor/scope';
import type { Params, Tensor } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { observedAround } from '../observed-around';
import { zerosLike } from '../parts/moving-mean';
import { type GradientTransform, mapParams, transform } from '../transform';

/** The state of AdaLoRA's transform. */
export interface TripletState<S> {
  /** Steps of the inner transform so far, k. */
  readonly step: number;
  /** Moving mean of |p·∇p| of every element of the factors and gates. */
  readonly sensitivity: Params;
  /** Moving mean of how far |p·∇p| is from that mean. */
  readonly uncertainty: Params;
  /** State of the inner transform. */
  readonly inner: S;
}

/** How many triplets may stay, and whether the others go in this step. */
export interface TripletPlan {
  /** b, over all layers. */
  readonly budget: number;
  /** The gates of the least important ones become 0 after this step. */
  readonly masks: boolean;
}

/** What is pruned, when, and by what. */
interface PruneTripletsSettings<S> {
  readonly inner: GradientTransform<S>;
  /** The plan of a step, counted from 1. */
  readonly plan: (step: number, triplets: number, layers: number) => TripletPlan;
  /** Whether the scores of this step still move. */
  readonly scored: (step: number) => boolean;
  /** β1 and β2 of the two moving means. */
  readonly decays: readonly [number, number];
  /** λ */
  readonly orthogonality: number;
}

/** The triplets of one layer: B[:, i], gate[i], A[i, :]. */
interface Triplets {
  readonly A: string;
  readonly B: string;
  readonly gate: string;
}

/** Around an optimizer: after a step, gates of the triplets of the least score become 0. */
export function pruneTriplets<S>(name: string, settings: PruneTripletsSettings<S>): GradientTransform<TripletState<S>> {
  const { inner, plan, scored, decays, orthogonality } = settings;
  return transform<TripletState<S>>({
    name: `${name}(${inner.name ?? 'transform'})`,
    ...(inner.explain && { explain: inner.explain }),
    ...observedAround([inner], ([seen = inner]) => pruneTriplets(name, { ...settings, inner: seen })),
    init(params) {
      const own = tripletsIn(name, params).flatMap(({ A, B, gate }) => [A, B, gate]);
      const leaves = Object.fromEntries(own.map((path) => [path, params[path] as Tensor]));
      return {
        step: 0,
        sensitivity: zerosLike(leaves),
        uncertainty: zerosLike(leaves),
        inner: inner.init(params),
      };
    },
    update(grads, state, params) {
      const triplets = tripletsIn(name, state.sensitivity);
      const all =
        orthogonality === 0 ? grads : { ...grads, ...penalized(name, triplets, grads, params, orthogonality) };
      const [updates, next] = inner.update(all, state.inner, params);
      if (Object.keys(updates).length === 0) return [updates, { ...state, inner: next }];
      const step = state.step + 1;
      const moved = (path: string): Tensor => {
        const [before, update] = [leafOf(name, params, path), updates[path]];
        return update ? add(before, update) : before;
      };
      const scores = scored(step) ? movedScores(name, state, all, moved, decays) : state;
      const after = { step, sensitivity: scores.sensitivity, uncertainty: scores.uncertainty, inner: next };
      const counts = triplets.map(({ gate }) => leafOf(name, params, gate).size);
      const count = counts.reduce((sum, n) => sum + n, 0);
      const { budget, masks } = plan(step, count, triplets.length);
      if (!masks || budget >= count) return [updates, after];
      const importance = triplets.map((one) => runInScope(one.gate, () => importanceOf(name, one, after)));
      const dropped = count - budget;
      const threshold = slice(sort(concat(importance)).values, [dropped - 1], [dropped]); // the dropped-th smallest
      const closed = triplets.flatMap(({ gate }, i): [string, Tensor][] => {
        const update = updates[gate];
        if (!update) return []; // a gate without a gradient stays, as every leaf does
        const kept = greater(importance[i] as Tensor, threshold);
        return [[gate, where(kept, update, neg(leafOf(name, params, gate)))]]; // p − p is 0 exactly
      });
      return [{ ...updates, ...Object.fromEntries(closed) }, after];
    },
  });
}

/** Ī ← β1·Ī + (1 − β1)·|p·∇p| and Ū ← β2·Ū + (1 − β2)·|I − Ī|, with the new Ī and the parameters after the step. */
function movedScores<S>(
  name: string,
  { sensitivity, uncertainty }: TripletState<S>,
  grads: Params,
  moved: (path: string) => Tensor,
  [beta1, beta2]: readonly [number, number],
): Pick<TripletState<S>, 'sensitivity' | 'uncertainty'> {
  const known = Object.entries(grads).filter(([path]) => Object.hasOwn(sensitivity, path));
  const now = mapParams(Object.fromEntries(known), (g, path) => abs(mul(moved(path), g)));
  const means = mapParams(now, (i, path) => axpby(beta1, leafOf(name, sensitivity, path), 1 - beta1, i));
  const spreads = mapParams(now, (i, path) => {
    return axpby(beta2, leafOf(name, uncertainty, path), 1 - beta2, abs(sub(i, leafOf(name, means, path))));
  });
  return { sensitivity: { ...sensitivity, ...means }, uncertainty: { ...uncertainty, ...spreads } };
}

/** S [r] = s(gate) + the mean of s over its row of A + that over its column of B, for s = Ī·Ū. */
function importanceOf<S>(
  name: string,
  { A, B, gate }: Triplets,
  { sensitivity, uncertainty }: TripletState<S>,
): Tensor {
  const score = (path: string): Tensor => mul(leafOf(name, sensitivity, path), leafOf(name, uncertainty, path));
  return add(add(score(gate), mean(score(A), { axis: 1 })), mean(score(B), { axis: 0 }));
}

/** Gradients with λ times that of the mean over factors of ‖AAᵀ − I‖ and ‖BᵀB − I‖: the norms, not their squares. */
function penalized(name: string, triplets: readonly Triplets[], grads: Params, params: Params, lambda: number): Params {
  const each = lambda / (2 * triplets.length);
  const down = (a: Tensor): Tensor => {
    const off = sub(matmul(a, a, { transposeB: true }), eye(a.shape[0] as number)); // [r, r]
    return matmul(unit(off), a);
  };
  const up = (b: Tensor): Tensor => {
    const off = sub(matmul(b, b, { transposeA: true }), eye(b.shape[1] as number));
    return matmul(b, unit(off));
  };
  const changed = triplets.flatMap(({ A, B }) => [[A, down] as const, [B, up] as const]);
  return Object.fromEntries(
    changed.flatMap(([path, of]): [string, Tensor][] => {
      const g = Object.hasOwn(grads, path) ? grads[path] : undefined;
      return g ? [[path, runInScope(path, () => axpby(1, g, 2 * each, of(leafOf(name, params, path))))]] : [];
    }),
  );
}

/** x/‖x‖, and 0 for 0. */
function unit(x: Tensor): Tensor {
  return div(x, maximum(norm(x), 2 ** -126));
}

/** The layers with a gate between their factors. @throws StateError `ada-lora/triplets` */
function tripletsIn(where: string, params: Params): Triplets[] {
  const found = Object.keys(params).flatMap((gate): Triplets[] => {
    const [, start] = /^((?:.+\.)?lora\.)gate$/.exec(gate) ?? [];
    const [A, B] = [`${start}A`, `${start}B`];
    return start !== undefined && Object.hasOwn(params, A) && Object.hasOwn(params, B) ? [{ A, B, gate }] : [];
  });
  if (found.length > 0) return found;
  throw new StateError({
    code: 'ada-lora/triplets',
    got: `the transform of ${where} got ${Object.keys(params).slice(0, 3).join(', ') || 'no parameters'}`,
    expected: 'the trained parameters of adapters with gates, ….lora.A, ….lora.B and ….lora.gate',
    fix: 'call lora(model, { rank: policy }) with the policy of this transform first, and give the trainer the model',
  });
}
