import { fold } from '../../base/key';
import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { conv2d, conv2dOptions } from '../../tensor/ops/products/conv2d';
import { type Pair, pairOf } from '../../tensor/ops/products/patches';
import type { Tensor } from '../../tensor/tensor';
import { type Adaptable, type Adapter, activeAdapter } from '../adapter';
import { checkForward, type ForwardOptions } from '../forward-options';
import { initializers } from '../initializers';
import { Module } from '../module';
import { extent, keyOption } from '../options';

const conv2dModuleOptions = {
  ...conv2dOptions,
  /** Add a bias (default true). */
  bias: optional(boolean, true),
  ...keyOption,
};

/** Steps, borders, bias and first values. */
export interface Conv2dModuleOptions extends OptionsOf<typeof conv2dModuleOptions> {}

/** Images through a kernel, with PyTorch's layout: weight [outputs, inputs, kh, kw], bias [outputs]. */
export class Conv2d extends Module implements Adaptable {
  /** W [outputs, inputs, kh, kw]. */
  weight: Tensor;
  /** b [outputs], or null without one. */
  bias: Tensor | null;
  /** What changes the output, if anything: see `attachAdapters`. */
  lora: Adapter | null = null;
  /** Pixels from one output to the next. */
  readonly stride: Pair;
  /** Zeros on each side of the images. */
  readonly padding: Pair;

  /** Weight and bias start as U(−1/√n, 1/√n) with n = inputs·kh·kw. `kernel`: its extent, or [vertical, horizontal]. */
  constructor(inputs: number, outputs: number, kernel: number | Pair, options: Conv2dModuleOptions) {
    super();
    if (arguments.length > 4) refuseExtra('Conv2d', arguments, 4);
    checkArgument('Conv2d', 'inputs', extent, inputs);
    checkArgument('Conv2d', 'outputs', extent, outputs);
    const [kh, kw] = pairOf('Conv2d', 'kernel', kernel, 1);
    const { stride, padding, bias, key } = readOptions(
      'Conv2d',
      conv2dModuleOptions,
      options,
      'inputs, outputs, kernel',
    );
    const bound = 1 / Math.sqrt(inputs * kh * kw);
    this.weight = initializers.uniform(fold(key, 'weight'), [outputs, inputs, kh, kw], bound);
    this.bias = bias ? initializers.uniform(fold(key, 'bias'), [outputs], bound) : null;
    this.stride = pairOf('Conv2d', 'stride', stride, 1);
    this.padding = pairOf('Conv2d', 'padding', padding, 0);
  }

  /**
   * Shapes: x [N, inputs, H, W] → [N, outputs, h, w], h = ⌊(H + 2·padding − kh)/stride⌋ + 1. The key is for an adapter.
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('Conv2d.forward', arguments);
    const adapter = activeAdapter(this);
    if (adapter) return adapter.forward(x, this.weight, this.bias, options);
    return conv2d(x, this.weight, this.bias ?? undefined, { stride: this.stride, padding: this.padding });
  }
}
