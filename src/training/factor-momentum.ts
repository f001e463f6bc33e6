import type { Shape } from '../base/shape';
import { leafOf } from '../optim/leaf';
import { type GradientTransform, mapParams, transform } from '../optim/transform';
import { zeros } from '../tensor/ops/create';
import { axpby } from '../tensor/ops/elementwise/axpby';
import { div } from '../tensor/ops/elementwise/div';
import { maximum } from '../tensor/ops/elementwise/maximum';
import { mul } from '../tensor/ops/elementwise/mul';
import { square } from '../tensor/ops/elementwise/square';
import { matmul } from '../tensor/ops/products/matmul';
import { sum } from '../tensor/ops/reductions/sum';
import type { Params, Tensor } from '../tensor/tensor';

/** Where the directions U·Vᵀ of rank r come from: functions of path, shape and step. */
export interface Directions {
  /** Columns of U and V. */
  readonly rank: number;
  /** Which V a step has. */
  window(step: number): number;
  /** [n, r] for a weight [n, m]. */
  U(path: string, shape: Shape, step: number): Tensor;
  /** [m, r] */
  V(path: string, shape: Shape, window: number): Tensor;
}

/** The state of `factorMomentum`. */
export interface FactorMomentumState {
  /** Updates so far. */
  readonly step: number;
  /** M [n, r] of each matrix, and a dense moment of everything else; nothing without momentum. */
  readonly mean: Params;
  /** Which V each M belongs to; −1 before the first update. */
  readonly windows: Readonly<Record<string, number>>;
}

/** What the momentum goes by. */
interface FactorMomentumParts {
  readonly beta: number;
  readonly directions: Directions;
  readonly isFactored: (path: string, x: Tensor) => boolean;
}

/**
 * Momentum of estimates ĝ·U·Vᵀ that keeps the factor of V alone: M ← β·M + (1 − β)·ĝ·U, where the first one is ĝ·U, and
 * with a new V first M ← M·V_oldᵀ·V/m. The update is M·Vᵀ. An estimate is a multiple of a direction that is drawn again
 * here, so ĝ is read off it as ⟨estimate, U·Vᵀ⟩/‖U·Vᵀ‖². With β = 0 the estimates pass.
 */
export function factorMomentum({
  beta,
  directions,
  isFactored,
}: FactorMomentumParts): GradientTransform<FactorMomentumState> {
  const moved = (mean: Tensor, now: Tensor, window: number): Tensor =>
    window < 0 ? now : axpby(beta, mean, 1 - beta, now);

  /** M of before, in the V of now. */
  const carried = (path: string, shape: Shape, mean: Tensor, from: number, to: number): Tensor => {
    if (from < 0 || from === to) return mean;
    const [old, next] = [directions.V(path, shape, from), directions.V(path, shape, to)];
    const m = shape[1] as number;
    return mul(matmul(mean, matmul(old, next, { transposeA: true })), 1 / m);
  };

  const factorOf = (path: string, estimate: Tensor, V: Tensor, step: number): Tensor => {
    const U = directions.U(path, estimate.shape, step);
    const direction = matmul(U, V, { transposeB: true });
    return mul(U, div(sum(mul(estimate, direction)), maximum(sum(square(direction)), leastNormal))); // ĝ·U
  };

  return transform<FactorMomentumState>({
    name: 'factorMomentum',
    init(params) {
      if (beta === 0) return { step: 0, mean: {}, windows: {} };
      return {
        step: 0,
        mean: mapParams(params, (x, path) =>
          zeros(isFactored(path, x) ? [x.shape[0] as number, directions.rank] : x.shape),
        ),
        windows: Object.fromEntries(Object.keys(params).map((path) => [path, -1])),
      };
    },
    update(grads, state) {
      const step = state.step + 1;
      if (beta === 0) return [grads, { ...state, step }];
      const now = directions.window(state.step);
      const before = (path: string): number => state.windows[path] as number;
      const mean = mapParams(grads, (estimate, path) => {
        const old = leafOf('factorMomentum', state.mean, path);
        if (!isFactored(path, estimate)) return moved(old, estimate, before(path));
        const V = directions.V(path, estimate.shape, now);
        const M = carried(path, estimate.shape, old, before(path), now);
        return moved(M, factorOf(path, estimate, V, state.step), before(path));
      });
      const updates = mapParams(grads, (estimate, path) => {
        const M = leafOf('factorMomentum', mean, path);
        if (!isFactored(path, estimate)) return M;
        return matmul(M, directions.V(path, estimate.shape, now), { transposeB: true });
      });
      const windows = { ...state.windows, ...Object.fromEntries(Object.keys(grads).map((path) => [path, now])) };
      return [updates, { step, mean: { ...state.mean, ...mean }, windows }];
    },
  });
}

/** The least normal number of float32. */
const leastNormal = 2 ** -126;
