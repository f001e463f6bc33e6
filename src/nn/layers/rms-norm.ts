import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { ones } from '../../tensor/ops/create';
import { rmsNorm } from '../../tensor/ops/rows/rms-norm';
import type { Tensor } from '../../tensor/tensor';
import { checkForward } from '../forward-options';
import { Module } from '../module';
import { extent } from '../options';

const rmsNormOptions = {
  /** Added to the mean square (default 1e-6). */
  epsilon: optional(number({ low: 0 }), 1e-6),
};

/** Each row divided by the root of its mean square, then times weight [width]. */
export class RMSNorm extends Module {
  /** Factor of each column, [width]. */
  weight: Tensor;
  /** Added to the mean square. */
  readonly epsilon: number;

  /** Weight starts at 1; `epsilon` is added to the mean square (default 1e-6). */
  constructor(width: number, options: OptionsOf<typeof rmsNormOptions> = {}) {
    super();
    if (arguments.length > 2) refuseExtra('RMSNorm', arguments, 2);
    checkArgument('RMSNorm', 'width', extent, width);
    const { epsilon } = readOptions('RMSNorm', rmsNormOptions, options, 'width');
    this.weight = ones([width]);
    this.epsilon = epsilon;
  }

  /** Shapes: x [..., width] → the same. */
  forward(x: Tensor): Tensor {
    checkForward('RMSNorm.forward', arguments);
    return rmsNorm(x, this.weight, { epsilon: this.epsilon });
  }
}
