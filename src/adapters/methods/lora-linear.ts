import { sizeOf } from '../../base/shape';
import type { ForwardOptions } from '../../nn/forward-options';
import { apply, type Composite } from '../../tensor/op';
import { add } from '../../tensor/ops/elementwise/add';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { mul } from '../../tensor/ops/elementwise/mul';
import { reshape } from '../../tensor/ops/movement/reshape';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import { sumTo } from '../../tensor/ops/reductions/sum-to';
import type { Tensor } from '../../tensor/tensor';
import { LowRankAdapter, type LowRankFactors } from '../low-rank-adapter';
import { asSmaller } from '../origin';
import { maskedUp, unmasked } from '../rank-mask';

/**
 * x·Wᵀ + b + s·Z·Bᵀ: x [N, in], Z = dropped·Aᵀ [N, r], weight [out, in], B [out, r], bias [out] if there is one → [N, out].
 * One step on the tape, so that of the two products of that size only their sum is kept.
 */
const op: Composite<[x: Tensor, z: Tensor, weight: Tensor, b: Tensor, bias?: Tensor], number> = {
  name: 'lora',
  forward: ([x, z, weight, b, bias], scale) => axpby(1, linear(x, weight, bias), scale, matmul(z, b, transposed)),
  vjp: (g, [x, z, weight, b], { attributes: scale }) => [
    () => matmul(g, weight),
    () => matmul(g, mul(b, scale)), // dZ = s·D·B [N, r]
    () => matmul(g, x, { transposeA: true }), // only where the weight is trained as well
    () => mul(matmul(g, z, { transposeA: true }), scale), // s·Dᵀ·Z [out, r]
    () => sumTo(g, weight.shape.slice(0, 1)),
  ],
};

const transposed = { transposeB: true };

/**
 * x·Wᵀ + b + s·(dropped·Aᵀ)·Bᵀ. The gradients of A and B are (s·D·B)ᵀ·X and s·Dᵀ·(X·Aᵀ) with D the cotangent, so a gradient of
 * the weight is never formed for them.
 * Shapes: x, dropped [..., in], weight [out, in], A [r, in], B [out, r], bias [out] → [..., out].
 * @see Hu et al., "LoRA: low-rank adaptation of large language models", arXiv 2106.09685, eq. 3.
 */
export function loraLinear(
  x: Tensor,
  dropped: Tensor,
  weight: Tensor,
  { A, B, scale }: { readonly A: Tensor; readonly B: Tensor; readonly scale: number },
  bias: Tensor | null,
): Tensor {
  const [outputs, inputs] = weight.shape as readonly [number, number];
  const shape = [sizeOf(x.shape.slice(0, -1)), outputs];
  const rows = (input: Tensor): Tensor => reshape(input, [shape[0] as number, inputs]);
  const flat = rows(x);
  const z = matmul(dropped === x ? flat : rows(dropped), A, transposed);
  const y = apply(op, bias ? [flat, z, weight, B, bias] : [flat, z, weight, B], scale, shape);
  return reshape(y, [...x.shape.slice(0, -1), outputs]);
}

/** LoRA on a `Linear`: W + s·B·A with A [r, in] and B [out, r]. */
export class LoraLinear extends LowRankAdapter {
  readonly additive = true;

  constructor(
    factors: LowRankFactors,
    scale: number,
    /** Probability of zeroing an element of what A sees; the weight sees all of it. */
    readonly dropout = 0,
  ) {
    super(factors, scale);
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key ? dropout(x, this.dropout, key) : x;
    return loraLinear(x, dropped, weight, { A: this.A, B: maskedUp(this), scale: this.scale }, bias);
  }

  /** fraction·s·B·A, a matrix of the weight's shape [out, in], of these factors. */
  change(factors: LowRankFactors, fraction: number): Tensor {
    return matmul(mul(maskedUp(factors), fraction * this.scale), factors.A);
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, this.change(this, fraction));
  }
  override compacted(): Promise<LoraLinear | null> {
    return compacted(this);
  }
}

/** Outside the class, because bundlers rename a class whose body names it, and `summary` shows the name. */
async function compacted(adapter: LoraLinear): Promise<LoraLinear | null> {
  const factors = await unmasked(adapter);
  return factors && asSmaller<LoraLinear>('lora', new LoraLinear(factors, adapter.scale, adapter.dropout), adapter);
}
