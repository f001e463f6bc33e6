// What LoRS is compared with. All of them keep the zeros of the weight and have exact gradients.

import { add } from '../../tensor/ops/elementwise/add';
import { equal } from '../../tensor/ops/elementwise/compare';
import { mul } from '../../tensor/ops/elementwise/mul';
import { where } from '../../tensor/ops/elementwise/where';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { sumTo } from '../../tensor/ops/reductions/sum-to';
import type { Tensor } from '../../tensor/tensor';
import { applySparse, type Change, inputGradient, type SparseOp, sparseForward, weightGradient } from './sparse-linear';

/**
 * SQFT: mask ⊙ (W + s·B·A) by ordinary ops, so that the tape keeps the masked weight and the backward pass forms the
 * gradient of the weight's size. (The published code has no s.)
 * @see SQFT (SparsePEFT), arXiv 2410.03750.
 */
export function sqftLinear(x: Tensor, weight: Tensor, { A, B, scale }: Change, bias: Tensor | null): Tensor {
  return linear(x, where(equal(weight, 0), 0, add(weight, matmul(mul(B, scale), A))), bias ?? undefined);
}

const op: SparseOp = {
  name: 'spLora',
  forward: ([x, weight, A, B, bias], scale) => sparseForward(x, weight, { A, B, scale }, bias),
  vjp(g, [x, weight, A, B], { attributes: scale }) {
    let full: Tensor | undefined;
    const gradient = (): Tensor => {
      full ??= weightGradient(g, x, weight);
      return full;
    };
    return [
      () => inputGradient(g, weight, { A, B, scale }, 'masked'),
      gradient,
      () => matmul(mul(B, scale), gradient(), { transposeA: true }), //  s·Bᵀ·Ĝ [r, in]
      () => mul(matmul(gradient(), A, { transposeB: true }), scale), //  s·Ĝ·Aᵀ [out, r]
      () => sumTo(g, weight.shape.slice(0, 1)),
    ];
  },
};

/**
 * SP-LoRA: the same function and gradients as SQFT, with the masked weight made again in the backward pass. The published
 * code adds B·A to the weight in place and takes it out again, which drifts; this one makes a new matrix.
 * @see The repository of LoRS, arXiv 2501.08582, which has it as a baseline.
 */
export function spLoraLinear(x: Tensor, weight: Tensor, change: Change, bias: Tensor | null): Tensor {
  return applySparse(op, x, weight, change, bias);
}

/**
 * W ⊙ (1 + s·B·A), whose zeros need no mask. A reconstruction of SPP, which multiplies the weight by an expanded
 * low-rank matrix; how the published code expands it is not followed.
 */
export function sppLinear(x: Tensor, weight: Tensor, change: Change, bias: Tensor | null): Tensor {
  return linear(x, sppWeight(weight, change), bias ?? undefined);
}

/** W ⊙ (1 + s·B·A) */
export function sppWeight(weight: Tensor, { A, B, scale }: Change): Tensor {
  return mul(weight, add(matmul(mul(B, scale), A), 1));
}
