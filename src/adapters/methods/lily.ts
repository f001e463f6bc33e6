import { fold, type Key, seedKind } from '../../base/key';
import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { type Shape, sizeOf } from '../../base/shape';
import { Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { initializers } from '../../nn/initializers';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { full, zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { reshape } from '../../tensor/ops/movement/reshape';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { dropout } from '../../tensor/ops/random/dropout';
import { mean } from '../../tensor/ops/reductions/sum';
import { softmax } from '../../tensor/ops/rows/softmax';
import type { Tensor } from '../../tensor/tensor';
import { type AdapterReport, attach } from '../attach';
import { notAMatrix } from '../matrix-layers';

const lilyOptions = {
  /** r (default 32). */
  rank: optional(extent, 32),
  /** E, how many up factors the layers of a kind share (default 2). */
  experts: optional(extent, 2),
  /** How many neighbouring layers of a kind share a down factor (default 1: each has its own). */
  stride: optional(extent, 1),
  /**
   * Let each layer mix the up factors by a router of its own (default true). Without, every share is 1/E, the "mono" variant, which
   * is linear in x and can be merged.
   */
  router: optional(boolean, true),
  /** s (default 1). */
  scale: optional(number(), 1),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
  /** What first values are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** Sizes, sharing, and which layers. */
export interface LilyOptions extends OptionsOf<typeof lilyOptions> {}

/** One layer with Lily's adapter. */
export interface LilyLayer {
  /** Dotted path of the layer; its router, if it has one, is '….lora.R'. A factor that layers share is a parameter of the first of them. */
  readonly path: string;
  /** Shape of its weight. */
  readonly shape: Shape;
  /** r */
  readonly rank: number;
  /** The path of the first layer with this down factor: '….lora.A'. */
  readonly down: string;
  /** The path of the first layer with these up factors: '….lora.B'. */
  readonly up: string;
}

/**
 * Lily: layers of one kind share E up factors B, and `stride` neighbours among them share a down factor A. Each layer has a
 * router R that mixes the up factors: with H = X·Aᵀ, ΔY = s·H·Σₑ pₑ·Bₑ, where p is the mean over all rows of softmax(H·Rᵀ). B starts at
 * 0, so that the function stays. Of one kind are layers whose paths are the same without indices, and whose weights have one shape.
 *
 * The mixture is that of a whole batch, so that the output of one row depends on the others. There is no weight that
 * computes this, and `mergeAdapters` refuses it, unless it is without routers.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see Lily, "low-rank interconnected adaptation across layers", arXiv 2407.09946.
 * @example
 * const model = new MLP({ sizes: [8, 8, 8], key: random.key(0) });
 * const { adapted, trainable } = lily(model, { rank: 2, stride: 2 });
 * console.log(adapted[1]?.up, trainable); // prints layers.0 56
 */
export function lily(model: Module, options: LilyOptions = {}): AdapterReport<LilyLayer> {
  if (arguments.length > 2) refuseExtra('lily', arguments, 2);
  const read = readOptions('lily', lilyOptions, options, 'model');
  const { rank, experts, stride, match, seed } = read;
  const kinds = new Map<string, Shared[]>();
  const { adapted, ...report } = attach('lily', model, {
    match,
    seed,
    settings: read,
    make({ path, layer, key }) {
      const refusal = notAMatrix(layer);
      if (refusal !== null) return refusal;
      const [outputs, inputs] = layer.weight.shape as readonly [number, number];
      const kind = `${path.replace(/(^|\.)\d+(?=\.|$)/g, '')} ${outputs} ${inputs}`;
      const before = kinds.get(kind) ?? [];
      const neighbour = before.length % stride === 0 ? undefined : before.at(-1);
      const own: Shared = {
        A: neighbour?.A ?? uniform(fold(key, 'A'), [rank, inputs]),
        B: before[0]?.B ?? zeros([experts, rank, outputs]),
        down: neighbour?.down ?? path,
        up: before[0]?.up ?? path,
      };
      kinds.set(kind, [...before, own]);
      if (!read.router) return new MonoLily(own, read.scale, read.dropout);
      return new Lily({ ...own, R: uniform(fold(key, 'R'), [experts, rank]) }, read.scale, read.dropout);
    },
  });
  const rows = adapted.map(({ path, layer: { weight }, adapter: { down, up } }) => {
    return { path, shape: weight.shape, rank, down, up };
  });
  return { adapted: rows, ...report };
}

/** What layers share, and the first layer that has it. */
interface Shared {
  readonly A: Tensor;
  readonly B: Tensor;
  readonly down: string;
  readonly up: string;
}

/** U(−1/√fan, 1/√fan), with the second extent as the fan. */
function uniform(key: Key, shape: Shape): Tensor {
  return initializers.uniform(key, shape, 1 / Math.sqrt(shape[1] as number));
}

/** W·x + s·H·Σₑ pₑ·Bₑ with H = A·x, whatever the shares p are. */
abstract class Interconnected extends Adapter {
  /** [r, in] */
  A: Tensor;
  /** [E, r, out] */
  B: Tensor;
  /** The first layer with this A. */
  readonly down: string;
  /** The first layer with this B. */
  readonly up: string;

  constructor(
    { A, B, down, up }: Shared,
    /** s */
    readonly scale: number,
    /** Probability of zeroing an element of what the adapter sees; the weight sees all of it. */
    readonly dropout: number,
  ) {
    super();
    this.A = A;
    this.B = B;
    this.down = down;
    this.up = up;
  }

  /** p [1, E], given H [N, r]. */
  abstract shares(rows: Tensor): Tensor;

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const [, rank, outputs] = this.B.shape as readonly [number, number, number];
    const H = linear(key ? dropout(x, this.dropout, key) : x, this.A); // [..., r]
    const rows = reshape(H, [sizeOf(x.shape.slice(0, -1)), rank]); // [N, r]
    const up = mul(this.mixed(this.shares(rows)), this.scale);
    const change = reshape(matmul(rows, up), [...x.shape.slice(0, -1), outputs]);
    return add(linear(x, weight, bias ?? undefined), change);
  }

  /** Σₑ pₑ·Bₑ. Shapes: p [1, E] → [r, out]. */
  mixed(shares: Tensor): Tensor {
    const [experts, rank, outputs] = this.B.shape as readonly [number, number, number];
    return reshape(matmul(shares, reshape(this.B, [experts, rank * outputs])), [rank, outputs]);
  }
}

/** The shares are the mean over all rows of the softmax of H·Rᵀ. */
class Lily extends Interconnected {
  /** [E, r] */
  R: Tensor;
  readonly additive = false;

  constructor({ R, ...shared }: Shared & { readonly R: Tensor }, scale: number, dropout: number) {
    super(shared, scale, dropout);
    this.R = R;
  }

  override shares(rows: Tensor): Tensor {
    return mean(softmax(linear(rows, this.R)), { axis: 0, keepDims: true });
  }
}

/** All shares are 1/E. */
class MonoLily extends Interconnected {
  readonly additive = true;

  override shares(): Tensor {
    const [experts] = this.B.shape as readonly [number];
    return full([1, experts], 1 / experts);
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    const up = mul(this.mixed(this.shares()), fraction * this.scale);
    return add(weight, matmul(up, this.A, { transposeA: true }));
  }
}
