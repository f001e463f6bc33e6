import { Adapter } from '../nn/adapter';
import type { Tensor } from '../tensor/tensor';

/** What an adapter of low rank computes with. */
export interface LowRankFactors {
  /** [r, …] */
  readonly A: Tensor;
  /** […, r] */
  readonly B: Tensor;
  /** [r], ones and zeros: a component of the product where it is 0 has no part. Null or left out: all have. */
  readonly mask?: Tensor | null;
}

/** An adapter of s times a product of rank r at most, which adds to the weight. */
export type OfLowRank = Adapter & {
  /** r */
  readonly rank: number;
  /** s */
  readonly scale: number;
  /** The weight with `fraction` of the change in it. */
  mergedInto(weight: Tensor, fraction: number): Tensor;
  /** The weight beside which this adapter computes what `weight` alone does, where that is not `mergedInto(weight, -1)`. */
  weightBeside?(weight: Tensor): Tensor;
};

/** What the adapters of low rank share: two factors, the factor of their product, and which of its components count. */
export abstract class LowRankAdapter extends Adapter {
  /** The down factor, r on its first axis. */
  A: Tensor;
  /** The up factor, r on its last axis. */
  B: Tensor;
  /** Which components count, [r]. A frozen parameter: what decides on the rank returns updates for it. */
  mask: Tensor | null;
  /** s, the factor of the product of A and B. */
  readonly scale: number;

  constructor({ A, B, mask = null }: LowRankFactors, scale: number) {
    super();
    this.A = A;
    this.B = B;
    this.mask = mask;
    this.scale = scale;
    if (mask) this.freeze('mask');
  }

  /** Shape of A, r first. */
  get rank(): number {
    return this.A.shape[0] as number;
  }

  abstract override mergedInto(weight: Tensor, fraction: number): Tensor;

  /** The weight beside which this adapter computes what `weight` alone does, where that is not `mergedInto(weight, -1)`. */
  weightBeside?(weight: Tensor): Tensor;
}
