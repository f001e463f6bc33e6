import type { ForwardOptions } from '../../nn/forward-options';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { add } from '../../tensor/ops/elementwise/add';
import { div } from '../../tensor/ops/elementwise/div';
import { maximum } from '../../tensor/ops/elementwise/maximum';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { stopGradient } from '../../tensor/ops/elementwise/stop-gradient';
import { sub } from '../../tensor/ops/elementwise/sub';
import { reshape } from '../../tensor/ops/movement/reshape';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import { LowRankAdapter, type LowRankFactors } from '../low-rank-adapter';
import { loraLinear } from './lora-linear';

/** DoRA on a `Linear`: diag(k)·V with V = W + s·B·A and k = magnitude/‖rows of V‖. A [r, in], B [out, r], magnitude [out]. */
export class DoraLinear extends LowRankAdapter {
  /** It depends on the weight: k has the norms of the rows of W + s·B·A. */
  readonly additive = false;
  /** The norm of each row of the weight that the layer computes with, [out]. */
  magnitude: Tensor;

  constructor(
    factors: LowRankFactors,
    scale: number,
    /** [out] */
    magnitude: Tensor,
    /** Probability of zeroing an element of what the adapter sees; the weight that was there sees all of it. */
    readonly dropout = 0,
  ) {
    super(factors, scale);
    this.magnitude = magnitude;
  }

  /**
   * k ⊙ (x·Vᵀ) + bias. With dropout, PEFT's way: the adapter's part, y − x·Wᵀ, sees the dropped x in all of its terms, of
   * which (k − 1) ⊙ x·Wᵀ is one. Shapes: x [..., in], weight [out, in], bias [out] → [..., out].
   */
  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key && this.dropout > 0 ? dropout(x, this.dropout, key) : x;
    const product = mul(loraLinear(dropped, dropped, weight, this, null), this.ratio(weight));
    if (dropped === x) return bias ? add(product, bias) : product;
    return add(product, linear(sub(x, dropped), weight, bias ?? undefined));
  }

  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const rows = reshape(this.ratio(weight), [-1, 1]); // k [out, 1]
    const merged = mul(add(weight, productOf(this)), rows);
    return add(weight, mul(sub(merged, weight), fraction));
  }

  /** W − s·B·A: the first magnitudes are the norms of W + s·B·A, whatever that W is. */
  override weightBeside(weight: Tensor): Tensor {
    return sub(weight, productOf(this));
  }

  /** k [out]. The norms are a constant as far as A and B go; where the weight is trained too, its gradient is exact. */
  private ratio(weight: Tensor): Tensor {
    const norms = rowNorms(add(weight, stopGradient(noGrad(() => productOf(this)))));
    return div(this.magnitude, maximum(norms, 2 ** -126)); // a row of zeros stays one
  }
}

/** s·B·A [out, in] */
export function productOf({ A, B, scale }: { readonly A: Tensor; readonly B: Tensor; readonly scale: number }): Tensor {
  return matmul(mul(B, scale), A);
}

/** ‖rows of x [out, in]‖ [out] */
export function rowNorms(x: Tensor): Tensor {
  return sqrt(sum(square(x), { axis: 1 }));
}
