import type { ForwardOptions } from '../../nn/forward-options';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import type { Tensor } from '../../tensor/tensor';
import { LowRankAdapter } from '../low-rank-adapter';

/** The factors of a small adapter between two outer factors. */
export interface NestedFactors {
  /** [r, b] */
  readonly A: Tensor;
  /** [a, r] */
  readonly B: Tensor;
  /** [r], factors of the components; left out: 1. */
  readonly d?: Tensor;
  /** [b, in], not trained. */
  readonly outerA: Tensor;
  /** [out, a], not trained. */
  readonly outerB: Tensor;
}

/**
 * W + s·Bₒ·B·diag(d)·A·Aₒ, where the outer factors Aₒ and Bₒ stay as they are: the column space of the change is in Bₒ's and its
 * row space in Aₒ's. The outer factors are frozen parameters, so that what is saved computes the same without its start.
 */
export class NestedLora extends LowRankAdapter {
  /** [r], or null. */
  d: Tensor | null;
  /** Aₒ [b, in] */
  outerA: Tensor;
  /** Bₒ [out, a] */
  outerB: Tensor;
  readonly additive = true;

  constructor(
    { d, outerA, outerB, ...factors }: NestedFactors,
    scale: number,
    /** Probability of zeroing an element of what the adapter sees; the weight sees all of it. */
    readonly dropout = 0,
  ) {
    super(factors, scale);
    this.d = d ?? null;
    this.outerA = outerA;
    this.outerB = outerB;
    this.freeze(/^outer/);
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key ? dropout(x, this.dropout, key) : x;
    const z = linear(linear(dropped, this.outerA), this.A); // (X·Aₒᵀ)·Aᵀ [..., r]
    const inner = linear(mul(z, this.#factors(1)), this.B); // [..., a]
    return add(linear(x, weight, bias ?? undefined), linear(inner, this.outerB));
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const inner = matmul(mul(this.B, this.#factors(fraction)), this.A); // [a, b]
    return add(weight, matmul(matmul(this.outerB, inner), this.outerA));
  }

  /** fraction·s·d */
  #factors(fraction: number): Tensor | number {
    return this.d ? mul(this.d, fraction * this.scale) : fraction * this.scale;
  }
}
