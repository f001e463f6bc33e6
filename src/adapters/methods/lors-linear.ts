import { mul } from '../../tensor/ops/elementwise/mul';
import { matmul } from '../../tensor/ops/products/matmul';
import { sumTo } from '../../tensor/ops/reductions/sum-to';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';
import { applySparse, type Change, inputGradient, type SparseOp, sparseForward, weightGradient } from './sparse-linear';

const op: SparseOp = {
  name: 'lors',
  forward: ([x, weight, A, B, bias], scale) => sparseForward(x, weight, { A, B, scale }, bias),
  vjp: (g, [x, weight, A, B], { attributes: scale }) => [
    () => inputGradient(g, weight, { A, B, scale }, 'straight'),
    () => weightGradient(g, x, weight), // only where the weight is trained as well
    () => runInScope('A', () => matmul(matmul(g, mul(B, scale)), x, { transposeA: true })), // (s·D·B)ᵀ·X [r, in]
    () => runInScope('B', () => mul(matmul(g, matmul(x, A, { transposeB: true }), { transposeA: true }), scale)),
    () => sumTo(g, weight.shape.slice(0, 1)),
  ],
};

/**
 * x·Ŵᵀ + bias with Ŵ = mask ⊙ (W + s·B·A), where the mask is W ≠ 0.
 *
 * The tape keeps the operands alone; the backward pass makes Ŵ again. The gradients of A and B are those without a mask,
 * s·(D·B)ᵀ·X and s·Dᵀ·(X·Aᵀ) with D the cotangent: a straight-through approximation that needs no matrix of the weight's
 * size. (The published code leaves s out of both.) The gradients of x, of the bias and, where it is wanted, of the
 * weight are exact. Second derivatives are those of these formulas, with Ŵ straight through too, and do form such matrices.
 * Shapes: x [..., in], weight [out, in], A [r, in], B [out, r], bias [out] → [..., out].
 * @see LoRS, arXiv 2501.08582: weight recompute and computational graph rearrangement.
 */
export function lorsLinear(x: Tensor, weight: Tensor, change: Change, bias: Tensor | null): Tensor {
  return applySparse(op, x, weight, change, bias);
}
