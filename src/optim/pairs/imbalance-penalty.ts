import { number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { mul } from '../../tensor/ops/elementwise/mul';
import { matmul } from '../../tensor/ops/products/matmul';
import type { GradientTransform } from '../transform';
import { addPenalty, gramOfColumns, gramOfRows } from './penalty';

export const imbalancePenaltyOptions = {
  /** λ (default 0.1). */
  strength: optional(number({ low: 0 }), 0.1),
  /** ω, how much larger BᵀB is to be than AAᵀ (default out/in of each adapter; 1 is the balance penalty). */
  ratio: optional(number({ low: Number.MIN_VALUE })),
};

/** How strong, and which imbalance. */
export interface ImbalancePenaltyOptions extends OptionsOf<typeof imbalancePenaltyOptions> {}

/**
 * Add the gradient of the penalty λ·‖D‖², D = BᵀB − ω·AAᵀ, to the gradients of all adapters: 4λ·B·D to that of B and
 * −4λω·D·A to that of A. It holds the factors A [r, in] and B [out, r] at a fixed imbalance. Put it before the optimizer.
 *
 * At D = 0 the mean square of an entry is ω·in/out times as large in B as in A. With ω = out/in, the default, entries of both
 * are of one size whatever the widths, and so is what a step of one size makes of the output; with ω = 1 entries of the
 * wider factor are the smaller ones. The penalty is the same for (B·Q, Qᵀ·A) with an orthogonal Q. Its gradient moves B·A by
 * −4λη·(1 − ω)·B·D·A at first: with ω = 1 along factorings of one product alone.
 *
 * The public text on Imbalance-Regularized LoRA has no formula: this is a reconstruction.
 * @throws OptionError `pairs/none`, `options/…`
 * @see "Imbalance-Regularized LoRA" (iLoRA), of which π-LoRA is the preconditioned form.
 * @example
 * const balanced = chain(imbalancePenalty({ ratio: 1 }), adamw({ learningRate: 1e-3 }));
 */
export function imbalancePenalty(options: ImbalancePenaltyOptions = {}): GradientTransform<readonly []> {
  if (arguments.length > 1) refuseExtra('imbalancePenalty', arguments, 1);
  const { strength, ratio } = readOptions('imbalancePenalty', imbalancePenaltyOptions, options);
  return addPenalty('imbalancePenalty', strength, (A, B) => {
    const omega = ratio ?? (B.shape[0] as number) / (A.shape[1] as number);
    const D = axpby(1, gramOfColumns(B), -omega, gramOfRows(A)); // [r, r]
    return [() => mul(matmul(D, A), -4 * omega), () => mul(matmul(B, D), 4)];
  });
}
