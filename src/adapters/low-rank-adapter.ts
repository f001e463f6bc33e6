import { StateError } from '../base/errors';
import { Adapter } from '../nn/adapter';
import type { ForwardOptions } from '../nn/forward-options';
import { isTracked } from '../tensor/tape';
import type { Tensor } from '../tensor/tensor';

/** What the low-rank adapters share: two factors, a scale, and whether their product is in the weight already. */
export abstract class LowRankAdapter extends Adapter {
  A: Tensor;
  B: Tensor;
  /** s, the factor of the product of A and B. */
  readonly scale: number;
  /** The weight has the change in it: see `merge`. */
  merged = false;

  constructor(factors: { readonly A: Tensor; readonly B: Tensor }, scale: number) {
    super();
    this.A = factors.A;
    this.B = factors.B;
    this.scale = scale;
  }

  /** Shapes: those of the layer. @throws StateError `adapter/merged` where a derivative of the factors is being taken */
  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, options: ForwardOptions = {}): Tensor {
    if (!this.merged) return this.adapted(x, weight, bias, options);
    if (isTracked([this.A.value, this.B.value])) throw trainedWhileMerged();
    return this.plain(x, weight, bias);
  }

  /** Shape of A, r first. */
  get rank(): number {
    return this.A.shape[0] as number;
  }

  /** The layer with the adapter beside the weight. */
  protected abstract adapted(x: Tensor, weight: Tensor, bias: Tensor | null, options: ForwardOptions): Tensor;
  /** The layer without it. */
  protected abstract plain(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor;
  /** What it does to a weight can be undone: it adds to it. */
  abstract readonly additive: boolean;
  /** The weight with the change of the adapter in it, or, with the sign −1 and if additive, taken out of it again. */
  abstract mergedInto(weight: Tensor, sign: 1 | -1): Tensor;
}

function trainedWhileMerged(): StateError {
  return new StateError({
    code: 'adapter/merged',
    got: 'a derivative is being taken of the factors of an adapter that is merged into its weight',
    expected: 'an adapter that still stands beside the weight, since a merged one has no part in the forward pass',
    fix: 'call unmerge(model) before training',
  });
}
