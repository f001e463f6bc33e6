// What the adapters of pruned weights share: the masked weight, made again where it is needed, and how an op with it is
// applied. Operands: x [N, in], weight [out, in], A [r, in], B [out, r], bias [out] if there is one → [N, out].

import type { Backend, Operand, Storage } from '../backend/contract';
import { type Shape, sizeOf } from '../base/shape';
import { apply, compute, type Op } from '../tensor/op';
import { equal } from '../tensor/ops/elementwise/compare';
import { mul } from '../tensor/ops/elementwise/mul';
import { where } from '../tensor/ops/elementwise/where';
import { reshape } from '../tensor/ops/movement/reshape';
import { matmul } from '../tensor/ops/products/matmul';
import { runInScope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

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
export type SparseOp = Op<number, number>;

/** The operands by name. */
export function named<X>(inputs: readonly X[]) {
  return inputs as readonly X[] & readonly [x: X, weight: X, a: X, b: X, bias?: X];
}

/** x·Ŵᵀ + bias; Ŵ lives for this product alone. */
export function sparseForward(backend: Backend, inputs: readonly Operand[], scale: number, shape: Shape): Storage {
  const [x, weight, a, b, bias] = named(inputs);
  const scaled = backend.binary('mul', b, scale, b.shape);
  const sparse = backend.addOnSupport(weight, operand(scaled, b.shape), a);
  const y = backend.matmul(x, operand(sparse, weight.shape), false, true, shape, bias ?? null);
  for (const done of [scaled, sparse]) backend.free(done);
  return y;
}

/** The cotangent of x, D·Ŵ, with Ŵ made again and gone before the next cotangent. */
export function inputGradient(g: Tensor, weight: Tensor, { A, B, scale }: Change): Tensor {
  return runInScope('recompute', () => matmul(g, masked(weight, { A, B, scale })));
}

/** The exact gradient of the weight, mask ⊙ (Dᵀ·X). */
export function weightGradient(g: Tensor, x: Tensor, weight: Tensor): Tensor {
  return where(equal(weight, 0), 0, matmul(g, x, { transposeA: true }));
}

/** Ŵ = mask ⊙ (W + s·B·A) in one pass; the mask is W ≠ 0. No tape sees it. */
function masked(weight: Tensor, { A, B, scale }: Change): Tensor {
  return compute<3>('addOnSupport', [weight, mul(B, scale), A], weight.shape, (backend, [w, b, a]) =>
    backend.addOnSupport(w, b, a),
  );
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
  const tensors = [reshape(x, [rows, inputs]), weight, A, B, ...(bias ? [bias] : [])];
  return reshape(apply(op, tensors, scale, [rows, outputs]), [...x.shape.slice(0, -1), outputs]);
}

function operand(storage: Storage, shape: Shape): Operand {
  return { storage, shape, dtype: 'float32' };
}
