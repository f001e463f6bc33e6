import { fold } from '../../base/key';
import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { convTranspose2d, convTranspose2dOptions } from '../../tensor/ops/products/conv-transpose2d';
import { type Pair, pairOf } from '../../tensor/ops/products/patches';
import type { Tensor } from '../../tensor/tensor';
import { checkForward } from '../forward-options';
import { initializers } from '../initializers';
import { Module } from '../module';
import { extent, keyOption } from '../options';
import { checkGroups } from './conv2d';

const convTranspose2dModuleOptions = {
  ...convTranspose2dOptions,
  /** Add a bias (default true). */
  bias: optional(boolean, true),
  ...keyOption,
};

/** Steps, borders, gaps, groups, bias and first values. */
export interface ConvTranspose2dModuleOptions extends OptionsOf<typeof convTranspose2dModuleOptions> {}

/**
 * The way back of `Conv2d`, which makes images larger by the stride, with PyTorch's layout: weight
 * [inputs, outputs/groups, kh, kw], bias [outputs].
 */
export class ConvTranspose2d extends Module {
  /** W [inputs, outputs/groups, kh, kw]. */
  weight: Tensor;
  /** b [outputs], or null without one. */
  bias: Tensor | null;
  /** Pixels of the result from one pixel of x to the next. */
  readonly stride: Pair;
  /** Rows and columns left out on each side of the result. */
  readonly padding: Pair;
  /** Pixels from one element of the kernel to the next. */
  readonly dilation: Pair;
  /** Rows and columns that the stride would not reach. */
  readonly outputPadding: Pair;
  /** Parts of the channels that do not see each other. */
  readonly groups: number;

  /**
   * Weight and bias start as U(−1/√n, 1/√n) with n = outputs/groups·kh·kw. `kernel`: its extent, or [vertical, horizontal].
   * @throws OptionError `conv2d/groups` when the groups do not divide inputs and outputs
   */
  constructor(inputs: number, outputs: number, kernel: number | Pair, options: ConvTranspose2dModuleOptions) {
    super();
    if (arguments.length > 4) refuseExtra('ConvTranspose2d', arguments, 4);
    checkArgument('ConvTranspose2d', 'inputs', extent, inputs);
    checkArgument('ConvTranspose2d', 'outputs', extent, outputs);
    const [kh, kw] = pairOf('ConvTranspose2d', 'kernel', kernel, 1);
    const { stride, padding, dilation, outputPadding, groups, bias, key } = readOptions(
      'ConvTranspose2d',
      convTranspose2dModuleOptions,
      options,
      'inputs, outputs, kernel',
    );
    checkGroups('ConvTranspose2d', inputs, outputs, groups);
    const bound = 1 / Math.sqrt((outputs / groups) * kh * kw);
    this.weight = initializers.uniform(fold(key, 'weight'), [inputs, outputs / groups, kh, kw], bound);
    this.bias = bias ? initializers.uniform(fold(key, 'bias'), [outputs], bound) : null;
    this.stride = pairOf('ConvTranspose2d', 'stride', stride, 1);
    this.padding = pairOf('ConvTranspose2d', 'padding', padding, 0);
    this.dilation = pairOf('ConvTranspose2d', 'dilation', dilation, 1);
    this.outputPadding = pairOf('ConvTranspose2d', 'outputPadding', outputPadding, 0);
    this.groups = groups;
  }

  /**
   * Shapes: x [N, inputs, H, W] → [N, outputs, h, w], for which
   * h = (H − 1)·stride − 2·padding + dilation·(kh − 1) + outputPadding + 1.
   */
  forward(x: Tensor): Tensor {
    checkForward('ConvTranspose2d.forward', arguments);
    const { stride, padding, dilation, outputPadding, groups } = this;
    return convTranspose2d(x, this.weight, this.bias ?? undefined, {
      stride,
      padding,
      dilation,
      outputPadding,
      groups,
    });
  }
}
