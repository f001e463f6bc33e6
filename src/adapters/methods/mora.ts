import { type Kind, kindOf, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Shape } from '../../base/shape';
import { Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { eye, zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { transpose } from '../../tensor/ops/movement/transpose';
import { linear } from '../../tensor/ops/products/linear';
import { dropout } from '../../tensor/ops/random/dropout';
import type { Tensor } from '../../tensor/tensor';
import { type AdapterReport, attach } from '../attach';
import { notAMatrix } from '../matrix-layers';
import { type MoraType, moraMaps } from './mora-maps';

const typeKind: Kind<MoraType> = kindOf<MoraType>(
  '1, 2, 3, 4 or 6',
  (value) => typeof value === 'number' && Object.hasOwn(moraMaps, value),
  'options/choice',
);

const moraOptions = {
  /** r (default 8): Q has r̂ rows and columns, r̂ = ⌊√((out + in)·r) + ½⌋, so about as many numbers as LoRA of rank r. */
  rank: optional(extent, 8),
  /**
   * The maps around Q. 1 adds up every r̂-th input and repeats the outputs as a whole, 2 adds up neighbours and repeats
   * each output beside itself, 3 adds up neighbours and repeats as a whole, 4 the other way round. 6 (default) turns groups of
   * r̂ inputs by angles of their own, so that Q tells them apart; its r̂ is even. The authors take 6 for small ranks, such as
   * the default here, and 1 for large ones. Where out < in, 6 does not see the inputs of the groups that its outputs have no room for.
   */
  type: optional(typeKind, 6),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
};

/** Size, maps, and which layers. */
export interface MoraOptions extends OptionsOf<typeof moraOptions> {}

/** One layer with MoRA's adapter. */
export interface MoraLayer {
  /** Dotted path of the layer; its matrix is '….lora.Q'. */
  readonly path: string;
  /** Shape of its weight. */
  readonly shape: Shape;
  /** r̂, the rows and columns of Q. The change of the weight has a rank up to min(r̂, out, in) or, for type 6, min(out, in). */
  readonly side: number;
}

/**
 * MoRA: ΔW = D·(I ⊗ Q)·C with a square matrix Q between maps without parameters. It has as many numbers as LoRA's factors,
 * to the rounding of r̂, and a change of a far higher rank. Q starts at 0, so that the function stays, and nothing is drawn.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see Jiang et al., "MoRA: high-rank updating for parameter-efficient fine-tuning", arXiv 2405.12130.
 * @example
 * const model = new MLP({ sizes: [64, 64], key: random.key(0) });
 * const { adapted, trainable } = mora(model, { rank: 2 });
 * console.log(adapted[0]?.side, trainable); // prints 16 256
 */
export function mora(model: Module, options: MoraOptions = {}): AdapterReport<MoraLayer> {
  if (arguments.length > 2) refuseExtra('mora', arguments, 2);
  const read = readOptions('mora', moraOptions, options, 'model');
  const { adapted, ...report } = attach('mora', model, {
    match: read.match,
    seed: 0,
    settings: read,
    make({ layer }) {
      const refusal = notAMatrix(layer);
      if (refusal !== null) return refusal;
      const [outputs, inputs] = layer.weight.shape as readonly [number, number];
      const side = sideOf(read.type, outputs + inputs, read.rank);
      return side === 0 ? 'too small for two numbers, which type 6 turns' : new Mora(read.type, side, read.dropout);
    },
  });
  const rows = adapted.map(({ path, layer: { weight }, adapter }) => ({
    path,
    shape: weight.shape,
    side: adapter.side,
  }));
  return { adapted: rows, ...report };
}

/** r̂ */
function sideOf(type: MoraType, extents: number, rank: number): number {
  const nearest = Math.floor(Math.sqrt(extents * rank) + 0.5);
  return type === 6 ? nearest - (nearest % 2) : nearest;
}

/** W + D·(I ⊗ Q)·C. */
class Mora extends Adapter {
  /** [r̂, r̂] */
  Q: Tensor;
  readonly additive = true;

  constructor(
    /** Which maps. */
    readonly type: MoraType,
    side: number,
    /** Probability of zeroing an element of what the adapter sees; the weight sees all of it. */
    readonly dropout = 0,
  ) {
    super();
    this.Q = zeros([side, side]);
  }

  /** r̂ */
  get side(): number {
    return this.Q.shape[0] as number;
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const dropped = key ? dropout(x, this.dropout, key) : x;
    return add(linear(x, weight, bias ?? undefined), this.#change(dropped, this.Q, weight.shape[0] as number));
  }

  /** What the forward pass makes of each unit vector is a column of the change. */
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const [outputs, inputs] = weight.shape as readonly [number, number];
    return add(weight, transpose(this.#change(eye(inputs), mul(this.Q, fraction), outputs)));
  }

  /** Shapes: x [..., in], Q [r̂, r̂] → [..., out]. */
  #change(x: Tensor, Q: Tensor, outputs: number): Tensor {
    const { compress, decompress } = moraMaps[this.type];
    return decompress(linear(compress(x, this.side), Q), outputs);
  }
}
