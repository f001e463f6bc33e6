import { choice, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { eye } from '../../tensor/ops/create';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sub } from '../../tensor/ops/elementwise/sub';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import type { GradientTransform } from '../transform';
import { addPenalty, gramOfColumns, gramOfRows } from './penalty';

export const orthogonalPenaltyOptions = {
  /** λ (default 0.1). */
  strength: optional(number({ low: 0 }), 0.1),
  /** What is penalized: A alone (default), or both factors. */
  factors: optional(choice('A', 'both'), 'A'),
};

/** How strong, and of what. */
export interface OrthogonalPenaltyOptions extends OptionsOf<typeof orthogonalPenaltyOptions> {}

/**
 * Add the gradient of the penalty λ·‖AAᵀ − I‖², which is 4λ·(AAᵀ − I)·A, to the gradients of all adapters, and with
 * `factors: 'both'` that of λ·‖BᵀB − I‖², 4λ·B·(BᵀB − I). It draws the rows of A, and the columns of B, towards an orthonormal
 * set, and with them the product towards the rank that it may have. Put it before the optimizer: it is part of the loss.
 *
 * Pitfall of `both`: at B = 0 its gradient is 0, and once B moves it is pushed to columns of length 1, away from a start with a
 * small change.
 * @throws OptionError `pairs/none`, `options/…`
 * @see RM-LoRA, arXiv 2407.12074.
 * @example
 * const optimizer = chain(orthogonalPenalty({ strength: 0.01 }), adamw({ learningRate: 1e-3 }));
 */
export function orthogonalPenalty(options: OrthogonalPenaltyOptions = {}): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('orthogonalPenalty', arguments, 1);
  const { strength, factors } = readOptions('orthogonalPenalty', orthogonalPenaltyOptions, options);
  return addPenalty('orthogonalPenalty', strength, (A, B) => {
    const ofA = (): Tensor => mul(matmul(beyondIdentity(gramOfRows(A)), A), 4);
    return factors === 'A' ? [ofA] : [ofA, () => mul(matmul(B, beyondIdentity(gramOfColumns(B))), 4)];
  });
}

/** G − I [r, r]. */
function beyondIdentity(gram: Tensor): Tensor {
  return sub(gram, eye(gram.shape[0] as number));
}
