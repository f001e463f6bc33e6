import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { type GradientTransform, transform } from '../transform';
import { pairsIn } from './beside';
import { dampedInverse } from './inverses';

export const preconditionPairsOptions = {
  /** λ, added to the eigenvalues of BᵀB and of AAᵀ (default 0.01). */
  damping: optional(number({ low: 0 }), 0.01),
};

/** The damping. */
export interface PreconditionPairsOptions extends OptionsOf<typeof preconditionPairsOptions> {}

/**
 * Riemannian preconditioning of the factors of adapters: ∇A ← (BᵀB + λI)⁻¹·∇A and ∇B ← ∇B·(AAᵀ + λI)⁻¹, each with the
 * other factor as it is before the step. Other gradients pass. It keeps no state; put it before any optimizer.
 *
 * With λ = 0 and SGD, a small step of W = s·B·A is −η·s²·(P·G + G·Q) for the projections P on the columns of B and Q on the
 * rows of A: it does not depend on how W is factored. With Adam after it, it does. A factor may be frozen: the other
 * one's gradient needs its values alone.
 * @throws OptionError `pairs/none`, `options/…`
 * @see Zhang and Pilanci, "Riemannian preconditioned LoRA for fine-tuning foundation models", ICML 2024, arXiv 2402.02347.
 * @example
 * const optimizer = chain(preconditionPairs(), adamw({ learningRate: 1e-3 }));
 */
export function preconditionPairs(options: PreconditionPairsOptions = {}): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('preconditionPairs', arguments, 1);
  const name = 'preconditionPairs';
  const { damping } = readOptions(name, preconditionPairsOptions, options);
  return transform({
    name,
    linear: true,
    init: () => [] as const,
    update(grads, state, params) {
      const changed = pairsIn(name, params).flatMap(({ A, B }): [string, Tensor][] => {
        const [ofA, ofB, a, b] = [grads[A], grads[B], leafOf(name, params, A), leafOf(name, params, B)];
        return [
          ...(ofA
            ? [[A, matmul(dampedInverse(matmul(b, b, { transposeA: true }), damping), ofA)] as [string, Tensor]]
            : []),
          ...(ofB
            ? [[B, matmul(ofB, dampedInverse(matmul(a, a, { transposeB: true }), damping))] as [string, Tensor]]
            : []),
        ];
      });
      return [{ ...grads, ...Object.fromEntries(changed) }, state];
    },
  });
}
