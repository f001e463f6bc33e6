import { add } from '../tensor/ops/elementwise/add';
import { equal } from '../tensor/ops/elementwise/compare';
import { mul } from '../tensor/ops/elementwise/mul';
import { stopGradient } from '../tensor/ops/elementwise/stop-gradient';
import { sub } from '../tensor/ops/elementwise/sub';
import { where } from '../tensor/ops/elementwise/where';
import { linear } from '../tensor/ops/products/linear';
import { matmul } from '../tensor/ops/products/matmul';
import { sumTo } from '../tensor/ops/reductions/sum-to';
import { runInScope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import {
  applySparse,
  type Change,
  inputGradient,
  named,
  type SparseOp,
  sparseForward,
  weightGradient,
} from './sparse-linear';

const op: SparseOp = {
  name: 'lors',
  forward: sparseForward,
  vjp(g, inputs, { attributes: scale }) {
    const [x, weight, a, b, bias] = named(inputs);
    return [
      () => inputGradient(g, weight, { A: a, B: b, scale }),
      () => weightGradient(g, x, weight), // only where somebody trains the weight as well
      () => runInScope('A', () => matmul(matmul(g, mul(b, scale)), x, { transposeA: true })), // (s·D·B)ᵀ·X [r, in]
      () => runInScope('B', () => mul(matmul(g, matmul(x, a, { transposeB: true }), { transposeA: true }), scale)),
      () => sumTo(g, (bias as Tensor).shape),
    ];
  },
  composed(inputs, scale) {
    const [x, weight, a, b, bias] = named(inputs);
    const change = matmul(mul(b, scale), a);
    // The derivative of the weight is masked, that of B·A is not: straight through.
    const value = where(equal(weight, 0), 0, add(weight, stopGradient(change)));
    return linear(x, add(value, sub(change, stopGradient(change))), bias);
  },
};

/**
 * x·Ŵᵀ + bias with Ŵ = mask ⊙ (W + s·B·A), where the mask is W ≠ 0.
 *
 * The tape keeps the operands alone; the backward pass makes Ŵ again. The gradients of A and B are those without a mask,
 * s·(D·B)ᵀ·X and s·Dᵀ·(X·Aᵀ) with D the cotangent: a straight-through approximation that needs no matrix of the weight's
 * size. (The published code leaves s out of both.) The gradients of x, of the bias and, where it is wanted, of the
 * weight are exact. Second derivatives are those of the straight-through function, and do form such matrices.
 * Shapes: x [..., in], weight [out, in], A [r, in], B [out, r], bias [out] → [..., out].
 * @see LoRS, arXiv 2501.08582: weight recompute and computational graph rearrangement.
 */
export function lorsLinear(x: Tensor, weight: Tensor, change: Change, bias: Tensor | null): Tensor {
  return applySparse(op, x, weight, change, bias);
}
