import { fold, type Key, key } from '../../base/key';
import { sizeOf } from '../../base/shape';
import type { Projection, Projector } from '../../compress/projector';
import { Adapter } from '../../nn/adapter';
import { customVjp } from '../../tensor/derivatives/custom-vjp';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { reshape } from '../../tensor/ops/movement/reshape';
import { linear } from '../../tensor/ops/products/linear';
import { matmul } from '../../tensor/ops/products/matmul';
import { sumTo } from '../../tensor/ops/reductions/sum-to';
import type { Tensor } from '../../tensor/tensor';

/** How the A of a layer is drawn. */
export interface CompActDraw {
  /** One that compresses the right side. */
  readonly projector: Projector<Projection>;
  readonly rank: number;
  readonly seed: number;
  /** Path of the layer's weight. */
  readonly path: string;
}

/**
 * W + C·A on a `Linear`, C zero: the gradient of C is Dᵀ·(X·Aᵀ) = G·Aᵀ, and X·Aᵀ is all that waits for it. See `compAct`,
 * whose transform takes every step of C to the weight.
 */
export class CompActLinear extends Adapter {
  /** [out, r], zeros. */
  C: Tensor;
  /** Draws of A after the first, [1]: which A is in use. */
  refreshes: Tensor = zeros([1]);
  readonly additive = true;
  readonly #draw: CompActDraw;

  constructor([outputs, inputs]: readonly [number, number], draw: CompActDraw) {
    super();
    this.#draw = draw;
    this.C = zeros([outputs, draw.rank]);
    this.inputs = inputs;
  }
  /** m */
  readonly inputs: number;

  /** A after this number of draws: the one of `compress` with this seed, for the same path. */
  projectionAt(refreshes: number): Projection {
    const { projector, rank, seed, path } = this.#draw;
    const drawn: Key = fold(key(seed), path, 'projection', refreshes);
    return projector.sample(drawn, [this.C.shape[0] as number, this.inputs], rank, refreshes);
  }
  /** C·A [out, in], with the A in use. */
  up(compressed: Tensor): Tensor {
    return this.#draw.projector.up(this.#projection(), compressed);
  }
  #projection(): Projection {
    return this.projectionAt(this.refreshes.dataSync()[0] as number);
  }

  override forward(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const { projector } = this.#draw;
    const p = this.#projection();
    const shape = [...x.shape.slice(0, -1), weight.shape[0] as number];
    const flat = reshape(x, [sizeOf(x.shape.slice(0, -1)), this.inputs]);
    const layer = customVjp({
      forward(X: Tensor, W: Tensor, C: Tensor, b?: Tensor) {
        const z = projector.down(p, X); // X·Aᵀ [N, r]
        return [add(linear(X, W, b), matmul(z, C, { transposeB: true })), { z, W, C }];
      },
      vjp(D, { z, W, C }) {
        const gradients = [
          add(matmul(D, W), projector.up(p, matmul(D, C))), // D·(W + C·A) [N, in]
          null, // the weight is moved by the transform
          matmul(D, z, { transposeA: true }), // G·Aᵀ [out, r]
        ];
        return bias ? [...gradients, sumTo(D, bias.shape)] : gradients;
      },
    });
    return reshape(bias ? layer(flat, weight, this.C, bias) : layer(flat, weight, this.C), shape);
  }
  override mergedInto(weight: Tensor, fraction: number): Tensor {
    return add(weight, mul(this.up(this.C), fraction));
  }
}
