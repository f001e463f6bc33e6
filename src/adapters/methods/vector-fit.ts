import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Shape } from '../../base/shape';
import { type Adaptable, Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { type Module, matchKind } from '../../nn/module';
import { svd } from '../../tensor/linalg/svd';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import type { Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';
import { type AdapterReport, attach } from '../attach';
import { notAMatrix } from '../matrix-layers';

const vectorFitOptions = {
  /** Train the bias too, where a layer has one (default true). Such a layer has no weight that a merge could make. */
  bias: optional(boolean, true),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
};

/** What is trained, and which layers. */
export interface VectorFitOptions extends OptionsOf<typeof vectorFitOptions> {}

/** One layer with VectorFit's adapter. */
export interface VectorFitLayer {
  /** Dotted path of the layer; what is trained is '….lora.sigma' and, with a bias, '….lora.shift'. */
  readonly path: string;
  /** Shape of its weight. */
  readonly shape: Shape;
  /** How many singular values are trained: min(out, in). */
  readonly values: number;
  /** Whether its bias is trained. */
  readonly bias: boolean;
}

/**
 * VectorFit: of W = U·diag(σ)·Vᵀ the singular values are trained, and the bias: ΔW = U·diag(Δσ)·Vᵀ has few numbers, and a rank
 * up to min(out, in). Δσ and Δb start at 0, so that the function stays, and nothing is drawn.
 *
 * U and Vᵀ are frozen parameters, '….lora.u' and '….lora.vt', as large as the weight and more, that take a full singular value
 * decomposition of each weight, on the CPU. The paper also freezes those vectors for a while that have moved most; its
 * schedule is not published, and is not here.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @throws StateError `linalg/non-finite` for a weight that is not finite
 * @see VectorFit, arXiv 2503.19530.
 * @example
 * const model = new MLP({ sizes: [16, 8], key: random.key(0) });
 * console.log(vectorFit(model).trainable); // prints 16
 */
export function vectorFit(model: Module, options: VectorFitOptions = {}): AdapterReport<VectorFitLayer> {
  if (arguments.length > 2) refuseExtra('vectorFit', arguments, 2);
  const read = readOptions('vectorFit', vectorFitOptions, options, 'model');
  const { adapted, ...report } = attach('vectorFit', model, {
    match: read.match,
    seed: 0,
    settings: read,
    make({ layer }) {
      const refusal = notAMatrix(layer);
      if (refusal !== null) return refusal;
      const { u, s, vt } = svd(layer.weight);
      const factors = { sigma: zeros(s.shape), u, vt };
      const bias = read.bias ? biasOf(layer) : null;
      return bias
        ? new SingularValuesAndBias(factors, read.dropout, zeros(bias.shape))
        : new SingularValues(factors, read.dropout);
    },
  });
  const rows = adapted.map(({ path, layer: { weight }, adapter }) => {
    return { path, shape: weight.shape, values: adapter.sigma.size, bias: adapter instanceof SingularValuesAndBias };
  });
  return { adapted: rows, ...report };
}

/** The bias of a layer that calls it so. */
function biasOf(layer: Adaptable & { readonly bias?: unknown }): Tensor | null {
  return isTensor(layer.bias) ? layer.bias : null;
}

/** W + U·diag(Δσ)·Vᵀ, whether it can be merged or not. */
abstract class Spectral extends Adapter {
  /** Δσ [k] */
  sigma: Tensor;
  /** U [out, k] */
  u: Tensor;
  /** Vᵀ [k, in] */
  vt: Tensor;
  readonly additive = true;

  constructor(
    { sigma, u, vt }: { readonly sigma: Tensor; readonly u: Tensor; readonly vt: Tensor },
    /** Probability of zeroing an element of what the adapter sees; the weight sees all of it. */
    readonly dropout: number,
  ) {
    super();
    this.sigma = sigma;
    this.u = u;
    this.vt = vt;
    this.freeze(/^(u|vt)$/);
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key ? dropout(x, this.dropout, key) : x;
    const inner = mul(linear(dropped, this.vt), this.sigma); // (X·V)·diag(Δσ) [..., k]
    return add(linear(x, weight, bias ?? undefined), linear(inner, this.u));
  }
}

/** W + U·diag(Δσ)·Vᵀ. */
class SingularValues extends Spectral {
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, matmul(mul(this.u, mul(this.sigma, fraction)), this.vt));
  }
}

/** W + U·diag(Δσ)·Vᵀ and b + Δb, which no weight has, so that a merge refuses it. */
class SingularValuesAndBias extends Spectral {
  /** Δb [out] */
  shift: Tensor;

  constructor(factors: ConstructorParameters<typeof Spectral>[0], dropout: number, shift: Tensor) {
    super(factors, dropout);
    this.shift = shift;
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, options?: ForwardOptions): Tensor {
    return super.forward(x, weight, bias ? add(bias, this.shift) : this.shift, options);
  }
}
