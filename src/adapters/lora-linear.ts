import type { Operand, Storage } from '../backend/contract';
import { type Shape, sizeOf } from '../base/shape';
import type { ForwardOptions } from '../nn/forward-options';
import { apply, type Op } from '../tensor/op';
import { add } from '../tensor/ops/elementwise/add';
import { mul } from '../tensor/ops/elementwise/mul';
import { reshape } from '../tensor/ops/movement/reshape';
import { linear } from '../tensor/ops/products/linear';
import { matmul } from '../tensor/ops/products/matmul';
import { dropout } from '../tensor/ops/random/dropout';
import { sumTo } from '../tensor/ops/reductions/sum-to';
import type { Tensor } from '../tensor/tensor';
import { LowRankAdapter, type LowRankFactors } from './low-rank-adapter';
import { maskedUp, unmasked } from './rank-mask';

/**
 * x [N, in], dropped [N, in] (x again where nothing is dropped), weight [out, in], A [r, in], B [out, r], bias [out] if
 * there is one → [N, out]. One step on the tape, so that of the three products of that size only their sum is kept.
 */
const op: Op<number, number> = {
  name: 'lora',
  forward(backend, inputs, scale, shape) {
    const [x, dropped, weight, a, b, bias] = named<Operand>(inputs);
    const inner = [shape[0] as number, a.shape[0] as number];
    const z = backend.matmul(dropped, a, false, true, inner, null);
    const change = backend.matmul(operand(z, inner), b, false, true, shape, null);
    const plain = backend.matmul(x, weight, false, true, shape, bias ?? null);
    const y = backend.axpby(1, operand(plain, shape), scale, operand(change, shape));
    for (const done of [plain, change]) backend.free(done);
    return [y, z];
  },
  vjp(g, inputs, { attributes: scale, extras }) {
    const [x, dropped, weight, a, b, bias] = named(inputs);
    const z = reshape(extras[0] as Tensor, [x.shape[0] as number, a.shape[0] as number]);
    let pulled: Tensor | undefined;
    const e = (): Tensor => {
      pulled ??= matmul(g, mul(b, scale)); // E = s·D·B [N, r]
      return pulled;
    };
    return [
      () => matmul(g, weight),
      () => matmul(e(), a),
      () => matmul(g, x, { transposeA: true }), // only where somebody trains the weight as well
      () => matmul(e(), dropped, { transposeA: true }), // Eᵀ·X [r, in]
      () => mul(matmul(g, z, { transposeA: true }), scale), // s·Dᵀ·Z [out, r]
      () => sumTo(g, (bias as Tensor).shape),
    ];
  },
  composed(inputs, scale) {
    const [x, dropped, weight, a, b, bias] = named(inputs);
    const z = matmul(dropped, a, { transposeB: true });
    return add(linear(x, weight, bias), mul(matmul(z, b, { transposeB: true }), scale));
  },
};

function named<X>(inputs: readonly X[]) {
  return inputs as readonly X[] & readonly [x: X, dropped: X, weight: X, a: X, b: X, bias?: X];
}

function operand(storage: Storage, shape: Shape): Operand {
  return { storage, shape, dtype: 'float32' };
}

/**
 * x·Wᵀ + b + s·(dropped·Aᵀ)·Bᵀ. The gradients of A and B are Eᵀ·X and s·Dᵀ·(X·Aᵀ) with D the cotangent and E = s·D·B, so a
 * gradient of the weight is never formed for them.
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
  const tensors = [flat, dropped === x ? flat : rows(dropped), weight, A, B, ...(bias ? [bias] : [])];
  return reshape(apply(op, tensors, scale, shape), [...x.shape.slice(0, -1), outputs]);
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
  override async compacted(): Promise<LoraLinear | null> {
    const factors = await unmasked(this);
    return factors && withFactors(this, factors);
  }
}

/** Outside of the class: bundlers rename classes that name themselves, and `summary` prints the name. */
function withFactors({ scale, dropout }: LoraLinear, factors: LowRankFactors): LoraLinear {
  return new LoraLinear(factors, scale, dropout);
}
