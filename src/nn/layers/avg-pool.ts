import { refuseExtra } from '../../base/options';
import type { Pair } from '../../tensor/ops/products/patches';
import { avgPool } from '../../tensor/ops/reductions/avg-pool';
import { type PoolOptions, windowOf } from '../../tensor/ops/reductions/pool';
import type { Tensor } from '../../tensor/tensor';
import { checkForward } from '../forward-options';
import { Module } from '../module';

/** The mean of each window of an image: `avgPool` as a layer. */
export class AvgPool extends Module {
  /** Extent of a window. */
  readonly window: Pair;
  /** Pixels from one window to the next. */
  readonly stride: Pair;
  /** Pixels added on each side. */
  readonly padding: Pair;

  /** `window`: its extent, or [vertical, horizontal]. @throws ShapeError `pool/window` */
  constructor(window: number | Pair, options: PoolOptions = {}) {
    super();
    if (arguments.length > 2) refuseExtra('AvgPool', arguments, 2);
    const { kernel, stride, padding } = windowOf('AvgPool', window, options);
    this.window = kernel;
    this.stride = stride;
    this.padding = padding;
  }

  /** Shapes: x [N, C, H, W] → [N, C, h, w], h = ⌊(H + 2·padding − window)/stride⌋ + 1. */
  forward(x: Tensor): Tensor {
    checkForward('AvgPool.forward', arguments);
    return avgPool(x, this.window, { stride: this.stride, padding: this.padding });
  }
}
