import { ShapeError } from '../../base/errors';
import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { show } from '../../base/shape';
import { ones, zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { rsqrt } from '../../tensor/ops/elementwise/rsqrt';
import { sub } from '../../tensor/ops/elementwise/sub';
import { reshape } from '../../tensor/ops/movement/reshape';
import { transpose } from '../../tensor/ops/movement/transpose';
import { mean } from '../../tensor/ops/reductions/sum';
import { variance } from '../../tensor/ops/reductions/variance';
import { layerNorm } from '../../tensor/ops/rows/layer-norm';
import type { Tensor } from '../../tensor/tensor';
import { buffer, updateBuffer } from '../buffer';
import { checkForward, type ForwardOptions } from '../forward-options';
import { Module } from '../module';
import { extent } from '../options';

const batchNormOptions = {
  /** Added to the variance (default 1e-5). */
  epsilon: optional(number({ low: 0 }), 1e-5),
  /** How much of the running statistics each batch replaces (default 0.1). */
  momentum: optional(number({ low: 0, high: 1 }), 0.1),
};

/** What keeps the root away from 0, and how fast the running statistics move. */
export interface BatchNormOptions extends OptionsOf<typeof batchNormOptions> {}

/**
 * Each channel to mean 0 and variance 1, then times weight plus bias, [channels] each. A pass with a key is a pass of
 * training, as it is for `Dropout`: it takes mean and (biased) variance from the batch, and in a step of a trainer moves
 * the running ones towards its mean and its unbiased variance. A pass without a key takes the running ones. So a loss
 * has to hand on what the trainer gives it: `(batch, options) => loss(model.forward(x, options))`.
 * @see Ioffe and Szegedy, "Batch normalization", arXiv 1502.03167, algorithms 1 and 2.
 * @example
 * const norm = new BatchNorm(2, { epsilon: 0 });
 * const x = tensor([[1, 5], [3, -5]]);
 * console.log(await norm.forward(x, { key: random.key(0) }).array()); // prints [ [ -1, 1 ], [ 1, -1 ] ]
 * console.log(await norm.forward(x).array()); // prints [ [ 1, 5 ], [ 3, -5 ] ]
 * console.log(Object.keys(norm.state()).join(' ')); // prints weight bias runningMean runningVariance
 */
export class BatchNorm extends Module {
  /** Factor of each channel, [channels]. */
  weight: Tensor;
  /** What is added to each channel, [channels]. */
  bias: Tensor;
  /** A buffer: the mean of each channel so far, [channels]. */
  runningMean: Tensor;
  /** A buffer: the unbiased variance of each channel so far, [channels]. */
  runningVariance: Tensor;
  /** Added to the variance. */
  readonly epsilon: number;
  /** How much of the running statistics each batch replaces. */
  readonly momentum: number;

  /** Weight and running variance start at 1, bias and running mean at 0. */
  constructor(channels: number, options: BatchNormOptions = {}) {
    super();
    if (arguments.length > 2) refuseExtra('BatchNorm', arguments, 2);
    checkArgument('BatchNorm', 'channels', extent, channels);
    const { epsilon, momentum } = readOptions('BatchNorm', batchNormOptions, options, 'channels');
    this.weight = ones([channels]);
    this.bias = zeros([channels]);
    this.runningMean = buffer(zeros([channels]));
    this.runningVariance = buffer(ones([channels]));
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /**
   * Shapes: x [N, channels, ...] → the same. With a key, the batch needs at least two values of a channel.
   * @throws ShapeError `batch-norm/shapes`, `batch-norm/batch`
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('BatchNorm.forward', arguments);
    const channels = this.weight.size;
    if (x.ndim < 2 || x.shape[1] !== channels) throw wrongShape(x, channels);
    const perChannel = (t: Tensor): Tensor => reshape(t, [channels, ...x.shape.slice(2).map(() => 1)]);
    const normal = options.key ? this.#byBatch(x) : this.#byRunning(x, perChannel);
    return add(mul(normal, perChannel(this.weight)), perChannel(this.bias));
  }

  /** A channel is a row: [C, N·…], whose mean and variance a layer norm takes away. */
  #byBatch(x: Tensor): Tensor {
    const channels = this.weight.size;
    if (x.size / channels < 2) throw tooFewValues(x);
    const order = x.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis));
    const swapped = transpose(x, order); // [C, N, …]
    const rows = reshape(swapped, [channels, x.size / channels]);
    this.#moveTowards(this.runningMean, () => mean(rows, { axis: 1 }));
    this.#moveTowards(this.runningVariance, () => variance(rows, { axis: 1 }));
    const normal = reshape(layerNorm(rows, undefined, undefined, { epsilon: this.epsilon }), swapped.shape);
    return transpose(normal, order);
  }

  #byRunning(x: Tensor, perChannel: (t: Tensor) => Tensor): Tensor {
    const inverse = rsqrt(add(this.runningVariance, this.epsilon)); // [C]
    return mul(sub(x, perChannel(this.runningMean)), perChannel(inverse));
  }

  /** running ← (1 − momentum)·running + momentum·batch. */
  #moveTowards(running: Tensor, batch: () => Tensor): void {
    updateBuffer(running, (before) => add(mul(before, 1 - this.momentum), mul(batch(), this.momentum)));
  }
}

function wrongShape(x: Tensor, channels: number): ShapeError {
  return new ShapeError({
    code: 'batch-norm/shapes',
    got: `BatchNorm.forward got x ${show(x.shape)}`,
    expected: `x [N, ${channels}] or [N, ${channels}, ...]`,
    fix: 'make the layer for as many channels, or transpose channels that come last to the second axis',
  });
}

function tooFewValues(x: Tensor): ShapeError {
  return new ShapeError({
    code: 'batch-norm/batch',
    got: `BatchNorm.forward got x ${show(x.shape)} in training`,
    expected: 'at least two values of each channel, without which there is no variance',
    fix: 'use a larger batch, leave out the key, or use GroupNorm or LayerNorm',
  });
}
