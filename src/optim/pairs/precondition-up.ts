import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import { leafOf } from '../leaf';
import { type GradientTransform, transform } from '../transform';
import { pairsIn } from './beside';
import { dampedInverse } from './inverses';

const preconditionUpOptions = {
  /** s of the adapters, α/r: W + s·B·A (default 1). */
  scale: optional(number({ low: Number.MIN_VALUE }), 1),
  /** λ, added to the eigenvalues of AAᵀ (default 1e-8). */
  damping: optional(number({ low: 0 }), 1e-8),
};

/** The scale of the adapters, and the damping. */
export interface PreconditionUpOptions extends OptionsOf<typeof preconditionUpOptions> {}

/**
 * The gradient of B that LoRA-FA's optimizer takes: ∇B ← s⁻²·∇B·(AAᵀ + λI)⁻¹ for a frozen A, of all steps of B the one
 * whose s·ΔB·A fits the gradient G of the weight best. Other gradients pass. It keeps no state; put it before any optimizer,
 * and give `lora` `freezeA: true`.
 *
 * With λ = 0 and SGD, s·ΔB·A = −η·G·P for the projection P on the rows of A, whatever their size, and whatever s is. PEFT
 * has `scaleByAdam({ epsilon: 1e-6, biasCorrection: 'step' })` after it.
 * @throws OptionError `pairs/none`, `options/…`
 * @see Zhang et al., "LoRA-FA: memory-efficient low-rank adaptation for large language models fine-tuning",
 *   arXiv 2308.03303, and PEFT's `create_lorafa_optimizer`.
 * @example
 * const model = new MLP({ sizes: [8, 8], key: random.key(0) });
 * const { adapted } = lora(model, { rank: 2, alpha: 4, freezeA: true });
 * const optimizer = chain(preconditionUp({ scale: adapted[0]?.scale }), adam({ learningRate: 1e-3 }));
 */
export function preconditionUp(options: PreconditionUpOptions = {}): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('preconditionUp', arguments, 1);
  const name = 'preconditionUp';
  const { scale, damping } = readOptions(name, preconditionUpOptions, options);
  return transform({
    name,
    linear: true,
    init: () => [] as const,
    update(grads, state, params) {
      const changed = pairsIn(name, params).flatMap(({ A, B }): [string, Tensor][] => {
        const gradient = grads[B];
        if (!gradient) return [];
        const down = leafOf(name, params, A);
        const inverse = dampedInverse(matmul(down, down, { transposeB: true }), damping);
        return [[B, mul(matmul(gradient, inverse), scale ** -2)]];
      });
      return [{ ...grads, ...Object.fromEntries(changed) }, state];
    },
  });
}
