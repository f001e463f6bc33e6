import { checkNumber, checkOptions } from '../base/errors';
import { ones } from '../tensor/ops/create';
import { rmsNorm } from '../tensor/ops/rms-norm';
import type { Tensor } from '../tensor/tensor';
import { Module } from './module';

/** Each row divided by the root of its mean square, then times weight [width]. */
export class RMSNorm extends Module {
  /** Factor of each column, [width]. */
  weight: Tensor;
  /** Added to the mean square. */
  readonly epsilon: number;

  /** Weight starts at 1; `epsilon` is added to the mean square (default 1e-6). */
  constructor(width: number, options: { epsilon?: number } = {}) {
    super();
    checkOptions('RMSNorm', options, ['epsilon']);
    checkNumber('RMSNorm', 'width', width, { low: 1, whole: true });
    this.weight = ones([width]);
    this.epsilon = options.epsilon ?? 1e-6;
  }

  /** Shapes: x [..., width] → the same. */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, { epsilon: this.epsilon });
  }
}
