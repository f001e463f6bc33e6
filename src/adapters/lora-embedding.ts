import { add } from '../tensor/ops/elementwise/add';
import { mul } from '../tensor/ops/elementwise/mul';
import { sub } from '../tensor/ops/elementwise/sub';
import { gather } from '../tensor/ops/movement/gather';
import { transpose } from '../tensor/ops/movement/transpose';
import { matmul } from '../tensor/ops/products/matmul';
import type { Tensor } from '../tensor/tensor';
import { LowRankAdapter } from './low-rank-adapter';

/** s·(B·A)ᵀ, what the table [rows, width] becomes more by. */
export function embeddingChange({
  A,
  B,
  scale,
}: {
  readonly A: Tensor;
  readonly B: Tensor;
  readonly scale: number;
}): Tensor {
  return matmul(A, mul(B, scale), { transposeA: true, transposeB: true });
}

/**
 * LoRA on an `Embedding`: W + s·(B·A)ᵀ with A [r, rows] and B [width, r], PEFT's layout. Each id reads its column of A,
 * so nothing of the size of the table is made.
 */
export class LoraEmbedding extends LowRankAdapter {
  readonly additive = true;

  protected adapted(ids: Tensor, weight: Tensor): Tensor {
    const columns = gather(transpose(this.A), ids); // [..., r]
    return add(gather(weight, ids), matmul(columns, mul(this.B, this.scale), { transposeB: true }));
  }
  protected plain(ids: Tensor, weight: Tensor): Tensor {
    return gather(weight, ids);
  }
  mergedInto(weight: Tensor, sign: 1 | -1): Tensor {
    const change = embeddingChange(this);
    return sign === 1 ? add(weight, change) : sub(weight, change);
  }
}
