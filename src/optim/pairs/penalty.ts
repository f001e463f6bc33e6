import { axpby } from '../../tensor/ops/elementwise/axpby';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Params, Tensor } from '../../tensor/tensor';
import type { FactorPair } from '../factor-pairs';
import { leafOf } from '../leaf';
import { type GradientTransform, transform } from '../transform';
import { pairsIn } from './beside';

/** The gradients of a penalty of the factors A [r, in] and B [out, r] of one adapter; undefined where a factor has no part in it. */
export type PenaltyGradients = (A: Tensor, B: Tensor) => readonly [ofA: () => Tensor, ofB?: () => Tensor];

/**
 * Add λ times the gradient of a penalty to the gradients of the factors of all adapters. A factor without a gradient, such
 * as a frozen one, gets none. With λ = 0 gradients pass as they are.
 */
export function addPenalty(name: string, strength: number, of: PenaltyGradients): GradientTransform<readonly []> {
  return transform({
    name,
    init: () => [] as const,
    update(grads, state, params) {
      const penalized = (pair: FactorPair): Params => {
        const { A, B } = pair;
        const [ofA, ofB] = of(leafOf(name, params, A), leafOf(name, params, B));
        const [a, b] = [grads[A], grads[B]];
        return {
          ...(a && { [A]: axpby(1, a, strength, ofA()) }),
          ...(b && ofB && { [B]: axpby(1, b, strength, ofB()) }),
        };
      };
      const pairs = pairsIn(name, params);
      return [strength === 0 ? grads : Object.assign({ ...grads }, ...pairs.map(penalized)), state];
    },
  });
}

/** AAᵀ [r, r] of A [r, in]. */
export function gramOfRows(A: Tensor): Tensor {
  return matmul(A, A, { transposeB: true });
}

/** BᵀB [r, r] of B [out, r]. */
export function gramOfColumns(B: Tensor): Tensor {
  return matmul(B, B, { transposeA: true });
}
