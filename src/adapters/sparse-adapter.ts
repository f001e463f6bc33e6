import { abs } from '../tensor/ops/abs';
import { cast } from '../tensor/ops/cast';
import { equal, greater } from '../tensor/ops/compare';
import { linear } from '../tensor/ops/linear';
import { mul } from '../tensor/ops/mul';
import { where } from '../tensor/ops/where';
import type { Tensor } from '../tensor/tensor';
import { lorsLinear } from './lors-linear';
import { LowRankAdapter } from './low-rank-adapter';
import { spLoraLinear, sppLinear, sppWeight, sqftLinear } from './masked-linear';
import { type Change, masked } from './sparse-linear';

/** One way to train low-rank factors on a pruned weight. */
interface Method {
  readonly linear: (x: Tensor, weight: Tensor, change: Change, bias: Tensor | null) => Tensor;
  /** The weight that this amounts to. */
  readonly weight: (weight: Tensor, change: Change) => Tensor;
  readonly additive: boolean;
}

/** By name: LoRS, and what it is compared with. */
export const sparseMethods = {
  lors: { linear: lorsLinear, weight: masked, additive: true },
  'sp-lora': { linear: spLoraLinear, weight: masked, additive: true },
  sqft: { linear: sqftLinear, weight: masked, additive: true },
  spp: { linear: sppLinear, weight: sppWeight, additive: false },
} as const satisfies Record<string, Method>;

/** A low-rank change of a pruned weight that leaves its zeros zero. */
export class SparseAdapter extends LowRankAdapter {
  constructor(
    factors: { readonly A: Tensor; readonly B: Tensor },
    scale: number,
    /** How it is computed. */
    readonly method: keyof typeof sparseMethods,
  ) {
    super(factors, scale);
  }

  get additive(): boolean {
    return sparseMethods[this.method].additive;
  }

  protected adapted(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return sparseMethods[this.method].linear(x, weight, this, bias);
  }
  protected plain(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return linear(x, weight, bias ?? undefined);
  }
  mergedInto(weight: Tensor, sign: 1 | -1): Tensor {
    const { A, B, scale } = this;
    return keepSupport(weight, sparseMethods[this.method].weight(weight, { A, B, scale: sign * scale }));
  }
}

/**
 * The merged weight with the smallest normal number wherever a sum has come out as exactly 0: there the weight would
 * leave the mask, and could not be taken out again.
 */
function keepSupport(weight: Tensor, merged: Tensor): Tensor {
  const lost = greater(mul(cast(equal(merged, 0), 'float32'), abs(weight)), 0);
  return where(lost, smallest, merged);
}

const smallest = 2 ** -126;
