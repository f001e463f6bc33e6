import { Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { gather } from '../../tensor/ops/movement/gather';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import type { Tensor } from '../../tensor/tensor';
import { asSmaller } from '../origin';
import { componentsOf, nonzeros } from '../rank-mask';

/** What a gated adapter computes with. */
interface GatedFactors {
  /** [r, in] */
  readonly A: Tensor;
  /** [out, r] */
  readonly B: Tensor;
  /** g [r] */
  readonly gate: Tensor;
}

/**
 * W + s·B·diag(g)·A with A [r, in], B [out, r] and a gate g [r] that is trained too: a component whose gate is 0 has no
 * part, whatever its factors are, and `compact` removes it. SoRA and AdaLoRA differ in how the gate becomes 0.
 */
export class GatedLora extends Adapter {
  /** The down factor, [r, in]. */
  A: Tensor;
  /** The up factor, [out, r]. */
  B: Tensor;
  /** g [r]; a transform that makes elements of it 0 takes components out. */
  gate: Tensor;
  readonly additive = true;

  constructor(
    { A, B, gate }: GatedFactors,
    /** s */
    readonly scale: number,
    /** Probability of zeroing an element of what A sees; the weight sees all of it. */
    readonly dropout = 0,
  ) {
    super();
    this.A = A;
    this.B = B;
    this.gate = gate;
  }

  /** r, those whose gate is 0 included. */
  get rank(): number {
    return this.gate.size;
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key ? dropout(x, this.dropout, key) : x;
    const gated = mul(linear(dropped, this.A), mul(this.gate, this.scale)); // s·(X·Aᵀ) ⊙ g [..., r]
    return add(linear(x, weight, bias ?? undefined), linear(gated, this.B));
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, matmul(mul(this.B, mul(this.gate, fraction * this.scale)), this.A));
  }
  override compacted(): Promise<GatedLora | null> {
    return compacted(this);
  }
}

/** Outside the class, because bundlers rename a class whose body names it, and `summary` shows the name. */
async function compacted(adapter: GatedLora): Promise<GatedLora | null> {
  const open = await nonzeros(adapter.gate);
  if (!open) return null;
  const factors = { ...componentsOf(adapter, open), gate: gather(adapter.gate, open) };
  return asSmaller('sora', new GatedLora(factors, adapter.scale, adapter.dropout), adapter);
}
