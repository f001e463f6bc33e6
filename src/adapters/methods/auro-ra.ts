import { fold, seedKind } from '../../base/key';
import { boolean, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';

import { Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { initializers } from '../../nn/initializers';
import { type Module, matchKind } from '../../nn/module';
import { extent } from '../../nn/options';
import { fromArray, zeros } from '../../tensor/ops/create';
import { abs } from '../../tensor/ops/elementwise/abs';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { relu } from '../../tensor/ops/elementwise/relu';
import { sub } from '../../tensor/ops/elementwise/sub';
import { tanh } from '../../tensor/ops/elementwise/tanh';
import { unsqueeze } from '../../tensor/ops/movement/reshape';
import { linear } from '../../tensor/ops/products/linear';
import { dropout } from '../../tensor/ops/random/dropout';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import { type AdaptedLayer, type AdapterReport, attach } from '../attach';
import { notAMatrix } from '../matrix-layers';

const auroRaOptions = {
  /** r (default 8): an adapter of a weight [n, m] has r·(n + m) + r·(r + 8) numbers. */
  rank: optional(extent, 8),
  /** α (default 8): what the adapter adds is s·N(x·Aᵀ)·Bᵀ with s = α/r. */
  alpha: optional(number(), 8),
  /** s = α/√r, so that the size of what a layer learns does not fall with the rank (default false). */
  rankStabilized: optional(boolean, false),
  /** Probability of zeroing an element of what the adapter sees, where `forward` gets a key (default 0). */
  dropout: optional(number({ low: 0, high: 1 }), 0),
  /** Which layers, by their path; a string matches everything below it too (default: all with a weight [out, in]). */
  match: optional(matchKind),
  /** What first values are drawn from (default 0). */
  seed: optional(seedKind, 0),
};

/** Size, scale, and which layers. */
export interface AuroRaOptions extends OptionsOf<typeof auroRaOptions> {}

/**
 * AuroRA: LoRA with a function between its factors that is learned too, Y += s·N(X·Aᵀ)·Bᵀ, where
 * N(z) = tanh(Q·tanh(z)) + K·Σⱼ b(zⱼ). b are the eight cubic B-splines on a grid of five cells over [−1, 1]; their values are summed over
 * the components of z, as the program has it that was read. A and Q start uniform in ±1/√fan, K from N(0, 0.1²), which is
 * ours, and B at 0, so that the function stays.
 *
 * What it adds is not linear in x, so no weight computes it, and `mergeAdapters` refuses it.
 * @throws OptionError `adapter/no-match`, `options/…`
 * @see AuroRA, arXiv 2505.18738.
 * @example
 * const model = new MLP({ sizes: [16, 8], key: random.key(0) });
 * console.log(auroRa(model, { rank: 2 }).trainable); // prints 68
 */
export function auroRa(model: Module, options: AuroRaOptions = {}): AdapterReport {
  if (arguments.length > 2) refuseExtra('auroRa', arguments, 2);
  const read = readOptions('auroRa', auroRaOptions, options, 'model');
  const { rank, alpha, rankStabilized, match, seed } = read;
  const scale = alpha / (rankStabilized ? Math.sqrt(rank) : rank);
  const { adapted, ...report } = attach('auroRa', model, {
    match,
    seed,
    settings: read,
    make({ layer, key }) {
      const refusal = notAMatrix(layer);
      if (refusal !== null) return refusal;
      const [outputs, inputs] = layer.weight.shape as readonly [number, number];
      const draw = (name: string, columns: number): Tensor =>
        initializers.uniform(fold(key, name), [rank, columns], 1 / Math.sqrt(columns));
      const K = initializers.normal(fold(key, 'K'), [rank, splines], 0.1);
      return new AuroRa(
        { A: draw('A', inputs), B: zeros([outputs, rank]), Q: draw('Q', rank), K },
        scale,
        read.dropout,
      );
    },
  });
  const rows = adapted.map(({ path, layer }): AdaptedLayer => ({ path, shape: layer.weight.shape, rank, scale }));
  return { adapted: rows, ...report };
}

/** W·x + s·B·N(A·x). */
class AuroRa extends Adapter {
  /** [r, in] */
  A: Tensor;
  /** [out, r] */
  B: Tensor;
  /** [r, r] */
  Q: Tensor;
  /** [r, 8] */
  K: Tensor;
  readonly additive = false;

  constructor(
    { A, B, Q, K }: Readonly<Record<'A' | 'B' | 'Q' | 'K', Tensor>>,
    /** s */
    readonly scale: number,
    /** Probability of zeroing an element of what the adapter sees; the weight sees all of it. */
    readonly dropout = 0,
  ) {
    super();
    this.A = A;
    this.B = B;
    this.Q = Q;
    this.K = K;
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null, { key }: ForwardOptions = {}): Tensor {
    const z = linear(key ? dropout(x, this.dropout, key) : x, this.A); // [..., r]
    const curved = add(tanh(linear(tanh(z), this.Q)), linear(splineSums(z), this.K)); // N(z) [..., r]
    return add(linear(x, weight, bias ?? undefined), linear(mul(curved, this.scale), this.B));
  }
}

/** How many splines five cells have: a cell more on each side for each degree, less one. */
const splines = 8;
/** The width of a cell of [−1, 1]. */
const cell = 0.4;

/** Σⱼ b(zⱼ), the values of all splines summed over the components. Shapes: z [..., r] → [..., 8]. */
function splineSums(z: Tensor): Tensor {
  return sum(cubicSpline(mul(sub(unsqueeze(z, -1), centres()), 1 / cell)), { axis: -2 });
}

/** Where the splines are largest: −1.4, −1, …, 1.4. */
function centres(): Tensor {
  return fromArray(
    Float32Array.from({ length: splines }, (_, k) => cell * (k - (splines - 1) / 2)),
    [splines],
  );
}

/** The cubic B-spline on the knots −2, −1, 0, 1, 2, in each element: (max(2 − |u|, 0)³ − 4·max(1 − |u|, 0)³)/6. */
function cubicSpline(u: Tensor): Tensor {
  const cubed = (width: number): Tensor => {
    const inside = relu(sub(width, abs(u)));
    return mul(mul(inside, inside), inside);
  };
  return mul(sub(cubed(2), mul(cubed(1), 4)), 1 / 6);
}
