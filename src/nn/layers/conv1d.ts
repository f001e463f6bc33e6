import { fold } from '../../base/key';
import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { conv1d, conv1dOptions } from '../../tensor/ops/products/conv1d';
import type { Tensor } from '../../tensor/tensor';
import { checkForward } from '../forward-options';
import { initializers } from '../initializers';
import { Module } from '../module';
import { extent, keyOption } from '../options';
import { checkGroups } from './conv2d';

const conv1dModuleOptions = {
  ...conv1dOptions,
  /** Add a bias (default true). */
  bias: optional(boolean, true),
  ...keyOption,
};

/** Steps, borders, gaps, groups, bias and first values. */
export interface Conv1dModuleOptions extends OptionsOf<typeof conv1dModuleOptions> {}

/** Sequences through a kernel, with PyTorch's layout: weight [outputs, inputs/groups, kernel], bias [outputs]. */
export class Conv1d extends Module {
  /** W [outputs, inputs/groups, kernel]. */
  weight: Tensor;
  /** b [outputs], or null without one. */
  bias: Tensor | null;
  /** Positions from one output to the next. */
  readonly stride: number;
  /** Zeros on each side. */
  readonly padding: number;
  /** Positions from one element of the kernel to the next. */
  readonly dilation: number;
  /** Parts of the channels that do not see each other. */
  readonly groups: number;

  /**
   * Weight and bias start as U(−1/√n, 1/√n) with n = inputs/groups·kernel.
   * @throws OptionError `conv2d/groups` when the groups do not divide inputs and outputs
   */
  constructor(inputs: number, outputs: number, kernel: number, options: Conv1dModuleOptions) {
    super();
    if (arguments.length > 4) refuseExtra('Conv1d', arguments, 4);
    checkArgument('Conv1d', 'inputs', extent, inputs);
    checkArgument('Conv1d', 'outputs', extent, outputs);
    checkArgument('Conv1d', 'kernel', extent, kernel);
    const { stride, padding, dilation, groups, bias, key } = readOptions(
      'Conv1d',
      conv1dModuleOptions,
      options,
      'inputs, outputs, kernel',
    );
    checkGroups('Conv1d', inputs, outputs, groups);
    const bound = 1 / Math.sqrt((inputs / groups) * kernel);
    this.weight = initializers.uniform(fold(key, 'weight'), [outputs, inputs / groups, kernel], bound);
    this.bias = bias ? initializers.uniform(fold(key, 'bias'), [outputs], bound) : null;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
  }

  /** Shapes: x [N, inputs, L] → [N, outputs, l], l = ⌊(L + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1. */
  forward(x: Tensor): Tensor {
    checkForward('Conv1d.forward', arguments);
    const { stride, padding, dilation, groups } = this;
    return conv1d(x, this.weight, this.bias ?? undefined, { stride, padding, dilation, groups });
  }
}
