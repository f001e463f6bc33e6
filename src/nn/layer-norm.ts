import { checkNumber, checkOptions } from '../base/errors';
import { ones, zeros } from '../tensor/ops/create';
import { layerNorm } from '../tensor/ops/layer-norm';
import type { Tensor } from '../tensor/tensor';
import { Module } from './module';

/** Each row to mean 0 and variance 1, then times weight plus bias, [width] each. */
export class LayerNorm extends Module {
  /** Factor of each column, [width]. */
  weight: Tensor;
  /** What is added to each column, [width]. */
  bias: Tensor;
  /** Added to the variance. */
  readonly epsilon: number;

  /** Weight starts at 1, bias at 0; `epsilon` is added to the variance (default 1e-5). */
  constructor(width: number, options: { epsilon?: number } = {}) {
    super();
    checkOptions('LayerNorm', options, ['epsilon']);
    checkNumber('LayerNorm', 'width', width, { low: 1, whole: true });
    this.weight = ones([width]);
    this.bias = zeros([width]);
    this.epsilon = options.epsilon ?? 1e-5;
  }

  /** Shapes: x [..., width] → the same. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, { epsilon: this.epsilon });
  }
}
