import { add } from '../../tensor/ops/elementwise/add';
import { div } from '../../tensor/ops/elementwise/div';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { sub } from '../../tensor/ops/elementwise/sub';
import { sumSquares } from '../../tensor/ops/reductions/sum-squares';
import type { Tensor } from '../../tensor/tensor';
import { factorPairs } from '../factor-pairs';
import { leafOf } from '../leaf';
import { type GradientTransform, transform } from '../transform';

/**
 * After a step of both factors, A·f and B/f of equal norms: the product stays. Put it last. The step of a factor whose
 * other factor has none stays as it is.
 */
export const balancePairs: GradientTransform<readonly []> = transform({
  name: 'balancePairs',
  init: () => [] as const,
  update(updates, state, params) {
    const balanced = factorPairs(params).flatMap(({ A, B }): [string, Tensor][] => {
      const [stepA, stepB] = [updates[A], updates[B]];
      if (!stepA || !stepB) return [];
      const [a, b] = [leafOf('balancePairs', params, A), leafOf('balancePairs', params, B)];
      const [newA, newB] = [add(a, stepA), add(b, stepB)];
      const [normA, normB] = [norm(newA), norm(newB)];
      const mean = sqrt(mul(normA, normB));
      return [
        [A, sub(mul(newA, div(mean, normA)), a)],
        [B, sub(mul(newB, div(mean, normB)), b)],
      ];
    });
    return [{ ...updates, ...Object.fromEntries(balanced) }, state];
  },
});

/** ‖x‖ + 1e-6. */
const norm = (x: Tensor): Tensor => add(sqrt(sumSquares(x)), 1e-6);
