import { fold } from '../../base/key';
import { boolean, checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { zeros } from '../../tensor/ops/create';
import { linear } from '../../tensor/ops/products/linear';
import type { Tensor } from '../../tensor/tensor';
import { type Adaptable, type Adapter, activeAdapter } from '../adapter';
import { checkForward, type ForwardOptions } from '../forward-options';
import { initializers } from '../initializers';
import { Module } from '../module';
import { deviation, extent, keyOption } from '../options';

const linearOptions = {
  /** Add a bias (default true). */
  bias: optional(boolean, true),
  /** Draw the weight from N(0, std²) and start the bias at zero (default: PyTorch's uniform law for both). */
  std: optional(deviation),
  ...keyOption,
};

/** Bias and first values. */
export interface LinearOptions extends OptionsOf<typeof linearOptions> {}

/** y = x·Wᵀ + b, with PyTorch's layout: weight [outputs, inputs], bias [outputs]. */
export class Linear extends Module implements Adaptable {
  /** W [outputs, inputs]. */
  weight: Tensor;
  /** b [outputs], or null without one. */
  bias: Tensor | null;
  /** What changes the output, if anything: see `lora`. */
  lora: Adapter | null = null;

  /** Weight and bias start as U(−1/√inputs, 1/√inputs). */
  constructor(inputs: number, outputs: number, options: LinearOptions) {
    super();
    if (arguments.length > 3) refuseExtra('Linear', arguments, 3);
    checkArgument('Linear', 'inputs', extent, inputs);
    checkArgument('Linear', 'outputs', extent, outputs);
    const { bias, std, key } = readOptions('Linear', linearOptions, options, 'inputs, outputs');
    const bound = 1 / Math.sqrt(inputs);
    const draw = (part: string, shape: number[]): Tensor => initializers.uniform(fold(key, part), shape, bound);
    this.weight =
      std === undefined
        ? draw('weight', [outputs, inputs])
        : initializers.normal(fold(key, 'weight'), [outputs, inputs], std);
    this.bias = bias ? (std === undefined ? draw('bias', [outputs]) : zeros([outputs])) : null;
  }

  /** Shapes: x [..., inputs] → [..., outputs]. The key is for the dropout of an adapter. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('Linear.forward', arguments);
    const adapter = activeAdapter(this);
    if (adapter) return adapter.forward(x, this.weight, this.bias, options);
    return linear(x, this.weight, this.bias ?? undefined);
  }
}
