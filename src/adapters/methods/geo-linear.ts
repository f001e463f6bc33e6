import { Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { fromArray } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather } from '../../tensor/ops/movement/gather';
import { transpose } from '../../tensor/ops/movement/transpose';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import type { Tensor } from '../../tensor/tensor';
import { loraLinear } from './lora-linear';

/** The factors of an adapter, with room for R components. */
export interface GeoFactors {
  /** [out, R], orthonormal columns, zeros beyond the rank. */
  readonly U: Tensor;
  /** [R, R] */
  readonly S: Tensor;
  /** [in, R], as U. */
  readonly V: Tensor;
  /** [R], ones and zeros: which components count. */
  readonly mask: Tensor;
}

/** W + s·U·S·Vᵀ on a layer with a weight [out, in]. */
export class GeoLinear extends Adapter {
  /** [out, R] */
  U: Tensor;
  /** [R, R] */
  S: Tensor;
  /** [in, R] */
  V: Tensor;
  /** [R], a frozen parameter. */
  mask: Tensor;
  readonly additive = true;

  constructor(
    { U, S, V, mask }: GeoFactors,
    /** s */
    readonly scale: number,
    /** Probability of zeroing an element of what V sees; the weight sees all of it. */
    readonly dropout: number,
  ) {
    super();
    this.U = U;
    this.S = S;
    this.V = V;
    this.mask = mask;
    this.freeze('mask');
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key ? dropout(x, this.dropout, key) : x;
    return loraLinear(x, dropped, weight, { ...pairOf(this), scale: this.scale }, bias);
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const { A, B } = pairOf(this);
    return add(weight, matmul(mul(B, fraction * this.scale), A));
  }
  override compacted(): Promise<GeoLinear | null> {
    return compacted(this);
  }
}

/** The product as one of two factors: B = U ⊙ mask [out, R] and A = S·(V ⊙ mask)ᵀ [R, in]. */
function pairOf({ U, S, V, mask }: GeoFactors): { readonly A: Tensor; readonly B: Tensor } {
  return { A: matmul(S, mul(V, mask), { transposeB: true }), B: mul(U, mask) };
}

/** Outside the class, because bundlers rename a class whose body names it. */
async function compacted({ U, S, V, mask, scale, dropout: rate }: GeoLinear): Promise<GeoLinear | null> {
  const values = await mask.data();
  const kept = Int32Array.from(values.keys()).filter((i) => values[i] !== 0);
  if (kept.length === 0) return null;
  const components = fromArray(kept, [kept.length]);
  const columns = (x: Tensor): Tensor => transpose(gather(transpose(x), components));
  const factors = { U: columns(U), S: gather(columns(S), components), V: columns(V), mask: gather(mask, components) };
  return new GeoLinear(factors, scale, rate);
}
