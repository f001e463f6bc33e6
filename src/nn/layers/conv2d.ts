import { OptionError } from '../../base/errors';
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

/** Steps, borders, gaps, groups, bias and first values. */
export interface Conv2dModuleOptions extends OptionsOf<typeof conv2dModuleOptions> {}

/** Images through a kernel, with PyTorch's layout: weight [outputs, inputs/groups, kh, kw], bias [outputs]. */
export class Conv2d extends Module implements Adaptable {
  /** W [outputs, inputs/groups, kh, kw]. */
  weight: Tensor;
  /** b [outputs], or null without one. */
  bias: Tensor | null;
  /** What changes the output, if anything: see `attachAdapters`. */
  lora: Adapter | null = null;
  /** Pixels from one output to the next. */
  readonly stride: Pair;
  /** Zeros on each side of the images. */
  readonly padding: Pair;
  /** Pixels from one element of the kernel to the next. */
  readonly dilation: Pair;
  /** Parts of the channels that do not see each other. */
  readonly groups: number;

  /**
   * Weight and bias start as U(−1/√n, 1/√n) with n = inputs/groups·kh·kw. `kernel`: its extent, or [vertical, horizontal].
   * @throws OptionError `conv2d/groups` when the groups do not divide inputs and outputs
   */
  constructor(inputs: number, outputs: number, kernel: number | Pair, options: Conv2dModuleOptions) {
    super();
    if (arguments.length > 4) refuseExtra('Conv2d', arguments, 4);
    checkArgument('Conv2d', 'inputs', extent, inputs);
    checkArgument('Conv2d', 'outputs', extent, outputs);
    const [kh, kw] = pairOf('Conv2d', 'kernel', kernel, 1);
    const { stride, padding, dilation, groups, bias, key } = readOptions(
      'Conv2d',
      conv2dModuleOptions,
      options,
      'inputs, outputs, kernel',
    );
    checkGroups('Conv2d', inputs, outputs, groups);
    const bound = 1 / Math.sqrt((inputs / groups) * kh * kw);
    this.weight = initializers.uniform(fold(key, 'weight'), [outputs, inputs / groups, kh, kw], bound);
    this.bias = bias ? initializers.uniform(fold(key, 'bias'), [outputs], bound) : null;
    this.stride = pairOf('Conv2d', 'stride', stride, 1);
    this.padding = pairOf('Conv2d', 'padding', padding, 0);
    this.dilation = pairOf('Conv2d', 'dilation', dilation, 1);
    this.groups = groups;
  }

  /**
   * Shapes: x [N, inputs, H, W] → [N, outputs, h, w], h = ⌊(H + 2·padding − dilation·(kh − 1) − 1)/stride⌋ + 1. The key is
   * for an adapter.
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('Conv2d.forward', arguments);
    const adapter = activeAdapter(this);
    if (adapter) return adapter.forward(x, this.weight, this.bias, options);
    const { stride, padding, dilation, groups } = this;
    return conv2d(x, this.weight, this.bias ?? undefined, { stride, padding, dilation, groups });
  }
}

/** @throws OptionError `conv2d/groups` */
export function checkGroups(where: string, inputs: number, outputs: number, groups: number): void {
  if (inputs % groups === 0 && outputs % groups === 0) return;
  throw new OptionError({
    code: 'conv2d/groups',
    got: `${where} got ${inputs} inputs, ${outputs} outputs and ${groups} groups`,
    expected: 'groups that divide inputs and outputs',
    fix: 'use another number of groups, or other widths',
  });
}
