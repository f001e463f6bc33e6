import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather } from '../../tensor/ops/movement/gather';
import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import { LowRankAdapter, type LowRankFactors } from '../low-rank-adapter';
import { asSmaller } from '../origin';
import { maskedUp, unmasked } from '../rank-mask';

/**
 * LoRA on an `Embedding`: W + s·(B·A)ᵀ with A [r, rows] and B [width, r], PEFT's layout. Each id reads its column of A,
 * so nothing of the size of the table is made.
 */
export class LoraEmbedding extends LowRankAdapter {
  readonly additive = true;

  override forward(ids: Tensor, weight: Tensor): Tensor {
    const columns = gather(transpose(this.A), ids); // [..., r]
    return add(gather(weight, ids), matmul(columns, mul(maskedUp(this), this.scale), { transposeB: true }));
  }

  /** fraction·s·(B·A)ᵀ, a matrix of the table's shape [rows, width], of these factors. */
  change(factors: LowRankFactors, fraction: number): Tensor {
    const up = mul(maskedUp(factors), fraction * this.scale);
    return matmul(factors.A, up, { transposeA: true, transposeB: true });
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, this.change(this, fraction));
  }
  override compacted(): Promise<LoraEmbedding | null> {
    return compacted(this);
  }
}

/** Outside the class, because bundlers rename a class whose body names it, and `summary` shows the name. */
async function compacted(adapter: LoraEmbedding): Promise<LoraEmbedding | null> {
  const factors = await unmasked(adapter);
  return factors && asSmaller<LoraEmbedding>('lora', new LoraEmbedding(factors, adapter.scale), adapter);
}
