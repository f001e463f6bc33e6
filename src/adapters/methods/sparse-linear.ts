// What the adapters of pruned weights share: the masked weight, made again where it is needed, and how an op with it is
// applied. Operands: x [N, in], weight [out, in], A [r, in], B [out, r], bias [out] if there is one → [N, out].

import { sizeOf } from '../../base/shape';
import { apply, type Composite } from '../../tensor/op';
import { add } from '../../tensor/ops/elementwise/add';
import { equal } from '../../tensor/ops/elementwise/compare';
import { mul } from '../../tensor/ops/elementwise/mul';
import { where } from '../../tensor/ops/elementwise/where';
import { reshape } from '../../tensor/ops/movement/reshape';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { runInScope } from '../../tensor/scope';
import type { Tensor } from '../../tensor/tensor';

/** A, B and s. */
export interface Change {
  /** [r, in] */
  readonly A: Tensor;
  /** [out, r] */
  readonly B: Tensor;
  /** s, the factor of B·A. */
  readonly scale: number;
}

/** An op of these operands; its attribute is s. */
export type SparseOp = Composite<[x: Tensor, weight: Tensor, A: Tensor, B: Tensor, bias?: Tensor], number>;

/** How the derivative of the masked weight reaches B·A: with the mask, which is exact, or straight through it. */
export type Pass = 'masked' | 'straight';

/** mask ⊙ (W + B·A), where the mask is W ≠ 0: weight [out, in], B [out, r] with s in it, A [r, in] → [out, in]. */
const maskedOp: Composite<[weight: Tensor, B: Tensor, A: Tensor], Pass> = {
  name: 'addOnSupport',
  forward: ([weight, B, A]) => onSupport(weight, add(weight, matmul(B, A))),
  vjp(g, [weight, B, A], { attributes: pass }) {
    const exact = onSupport(weight, g);
    const change = pass === 'straight' ? g : exact;
    return [() => exact, () => matmul(change, A, { transposeB: true }), () => matmul(B, change, { transposeA: true })];
  },
  kernel: (backend, [weight, B, A]) => backend.addOnSupport?.(weight, B, A),
};

/** x where the weight is not 0, and 0 where it is. */
function onSupport(weight: Tensor, x: Tensor): Tensor {
  return where(equal(weight, 0), 0, x);
}

function masked(weight: Tensor, { A, B, scale }: Change, pass: Pass): Tensor {
  return apply(maskedOp, [weight, mul(B, scale), A], pass, weight.shape);
}

/** x·Ŵᵀ + bias with Ŵ = mask ⊙ (W + s·B·A), which lives for this product alone. */
export function sparseForward(x: Tensor, weight: Tensor, change: Change, bias?: Tensor): Tensor {
  return linear(x, masked(weight, change, 'masked'), bias);
}

/** The cotangent of x, D·Ŵ, with Ŵ made again and gone before the next cotangent. */
export function inputGradient(g: Tensor, weight: Tensor, change: Change, pass: Pass): Tensor {
  return runInScope('recompute', () => matmul(g, masked(weight, change, pass)));
}

/** The exact gradient of the weight, mask ⊙ (Dᵀ·X). */
export function weightGradient(g: Tensor, x: Tensor, weight: Tensor): Tensor {
  return onSupport(weight, matmul(g, x, { transposeA: true }));
}

/** Apply such an op to x [..., in] → [..., out]. */
export function applySparse(
  op: SparseOp,
  x: Tensor,
  weight: Tensor,
  { A, B, scale }: Change,
  bias: Tensor | null,
): Tensor {
  const [outputs, inputs] = weight.shape as readonly [number, number];
  const rows = sizeOf(x.shape.slice(0, -1));
  const flat = reshape(x, [rows, inputs]);
  const y = apply(op, bias ? [flat, weight, A, B, bias] : [flat, weight, A, B], scale, [rows, outputs]);
  return reshape(y, [...x.shape.slice(0, -1), outputs]);
}
