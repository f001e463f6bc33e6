import { abs } from '../../tensor/ops/elementwise/abs';
import { add } from '../../tensor/ops/elementwise/add';
import { cast } from '../../tensor/ops/elementwise/cast';
import { equal, greater } from '../../tensor/ops/elementwise/compare';
import { mul } from '../../tensor/ops/elementwise/mul';
import { where } from '../../tensor/ops/elementwise/where';
import { matmul } from '../../tensor/ops/products/matmul';
import type { Tensor } from '../../tensor/tensor';
import { LowRankAdapter } from '../low-rank-adapter';
import { lorsLinear } from './lors-linear';
import { spLoraLinear, sppLinear, sppWeight, sqftLinear } from './masked-linear';
import type { Change } from './sparse-linear';

/** One way to train low-rank factors on a pruned weight. */
interface Method {
  readonly linear: (x: Tensor, weight: Tensor, change: Change, bias: Tensor | null) => Tensor;
  /** The weight that this amounts to. */
  readonly weight: (weight: Tensor, change: Change) => Tensor;
  readonly additive: boolean;
}

/** LoRS and the methods it is compared with, by name. */
export const sparseMethods = {
  lors: { linear: lorsLinear, weight: addedOnSupport, additive: true },
  'sp-lora': { linear: spLoraLinear, weight: addedOnSupport, additive: true },
  sqft: { linear: sqftLinear, weight: addedOnSupport, additive: true },
  spp: { linear: sppLinear, weight: sppWeight, additive: false },
} as const satisfies Record<string, Method>;

/**
 * mask ⊙ (W + s·B·A), with s·B·A rounded on its own first. With −s that is the same matrix to the bit, so that what a merge
 * puts in is what `unmergeAdapters` takes out: C = s·B·A, M = W + C and U = M − C are off by half a unit in the last place of M and
 * of U, and by nothing else. The kernel that the forward pass uses adds term by term to W; where large terms cancel, what
 * W loses beside them depends on the order, and is not bounded by the weight before and after.
 */
function addedOnSupport(weight: Tensor, { A, B, scale }: Change): Tensor {
  return where(equal(weight, 0), 0, add(weight, matmul(mul(B, scale), A)));
}

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

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    return sparseMethods[this.method].linear(x, weight, this, bias);
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const { A, B, scale } = this;
    return keepSupport(weight, sparseMethods[this.method].weight(weight, { A, B, scale: fraction * scale }));
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
