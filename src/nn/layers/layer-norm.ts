import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { ones, zeros } from '../../tensor/ops/create';
import { layerNorm } from '../../tensor/ops/rows/layer-norm';
import type { Tensor } from '../../tensor/tensor';
import { checkForward } from '../forward-options';
import { Module } from '../module';
import { extent } from '../options';

const layerNormOptions = {
  /** Added to the variance (default 1e-5). */
  epsilon: optional(number({ low: 0 }), 1e-5),
};

/** Each row to mean 0 and variance 1, then times weight plus bias, [width] each. */
export class LayerNorm extends Module {
  /** Factor of each column, [width]. */
  weight: Tensor;
  /** What is added to each column, [width]. */
  bias: Tensor;
  /** Added to the variance. */
  readonly epsilon: number;

  /** Weight starts at 1, bias at 0; `epsilon` is added to the variance (default 1e-5). */
  constructor(width: number, options: OptionsOf<typeof layerNormOptions> = {}) {
    super();
    if (arguments.length > 2) refuseExtra('LayerNorm', arguments, 2);
    checkArgument('LayerNorm', 'width', extent, width);
    const { epsilon } = readOptions('LayerNorm', layerNormOptions, options, 'width');
    this.weight = ones([width]);
    this.bias = zeros([width]);
    this.epsilon = epsilon;
  }

  /** Shapes: x [..., width] → the same. */
  forward(x: Tensor): Tensor {
    checkForward('LayerNorm.forward', arguments);
    return layerNorm(x, this.weight, this.bias, { epsilon: this.epsilon });
  }
}
