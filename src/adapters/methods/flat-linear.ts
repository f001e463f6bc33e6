import type { RandomMatrix } from '../../backend/contract';
import { fold } from '../../base/key';
import { sizeOf } from '../../base/shape';
import type { ForwardOptions } from '../../nn/forward-options';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sqrt } from '../../tensor/ops/elementwise/sqrt';
import { square } from '../../tensor/ops/elementwise/square';
import { reshape } from '../../tensor/ops/movement/reshape';
import { matmul } from '../../tensor/ops/products/matmul';
import { timesRandom } from '../../tensor/ops/products/matmul-random';
import { dropout } from '../../tensor/ops/random/dropout';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import { LowRankAdapter, type LowRankFactors } from '../low-rank-adapter';
import { loraLinear } from './lora-linear';

/** LoRA's factors, and φ. */
export interface FlatFactors extends LowRankFactors {
  /** φ, a scalar. */
  readonly strength: Tensor;
}

/** LoRA on a layer with a weight [out, in], and in passes of training noise in that weight. */
export class FlatLinear extends LowRankAdapter {
  /** φ, between 0 and 1, a scalar. A frozen parameter, which the method's transform raises. */
  strength: Tensor;
  readonly additive = true;

  constructor(
    { strength, ...factors }: FlatFactors,
    scale: number,
    /** Probability of zeroing an element of what A sees; the weight and its noise see all of it. */
    readonly dropout: number,
    /** ρ, the size of a row of the noise at φ = 1, beside that of the row of the weight. */
    readonly rho: number,
  ) {
    super(factors, scale);
    this.strength = strength;
    this.freeze('strength');
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key ? dropout(x, this.dropout, key) : x;
    const y = loraLinear(x, dropped, weight, this, bias);
    if (!key || this.rho === 0) return y;
    const [rows, columns] = weight.shape as readonly [number, number];
    const noise: RandomMatrix = { kind: 'normal', key: fold(key, 'noise'), rows, columns, scale: 1 };
    return add(y, timesNoise(x, noise, deviations(this, weight)));
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, matmul(mul(this.B, fraction * this.scale), this.A));
  }
}

/**
 * x·Eᵀ with E = diag(σ)·N, for x [..., in], N [out, in] of standard normal numbers and σ [out] → [..., out]. N is generated
 * inside the product, and again inside that of the backward pass, g ⊙ σ times N: nothing of its size is kept in between.
 */
function timesNoise(x: Tensor, noise: RandomMatrix, sigma: Tensor): Tensor {
  const flat = reshape(x, [sizeOf(x.shape.slice(0, -1)), noise.columns]);
  const y = mul(timesRandom(flat, noise, { transpose: true }), sigma);
  return reshape(y, [...x.shape.slice(0, -1), noise.rows]);
}

/** σ = φ·ρ·‖row of W + s·B·A‖/√in [out]: a constant of the pass, through which no gradient goes. */
function deviations(adapter: FlatLinear, weight: Tensor): Tensor {
  return noGrad(() => {
    const norms = sqrt(sum(square(adapter.mergedInto(weight, 1)), { axis: 1 }));
    return mul(norms, mul(adapter.strength, adapter.rho / Math.sqrt(weight.shape[1] as number)));
  });
}
