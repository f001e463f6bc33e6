import { fold } from '../../base/key';
import {
  callable,
  choice,
  either,
  kindOf,
  listOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
} from '../../base/options';
import { gelu } from '../../tensor/ops/elementwise/gelu';
import { relu } from '../../tensor/ops/elementwise/relu';
import { sigmoid } from '../../tensor/ops/elementwise/sigmoid';
import { silu } from '../../tensor/ops/elementwise/silu';
import { tanh } from '../../tensor/ops/elementwise/tanh';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { Linear } from '../layers/linear';
import { Module } from '../module';
import { extent, keyOption } from '../options';

const activations = { relu, gelu, tanh, silu, sigmoid };

type Named = keyof typeof activations;

const widths = listOf(extent);

const mlpOptions = {
  /** Widths from the input to the output: [784, 512, 10] makes two layers. */
  sizes: required(
    kindOf<readonly number[]>(
      'at least two widths, such as [784, 512, 10]',
      (value) => widths.fits(value) && value.length > 1,
      'options/range',
    ),
  ),
  /** The activation between the layers, not after the last one: a name, or a function of a tensor (default 'relu'). */
  activation: optional(
    either(
      choice(...(Object.keys(activations) as Named[])),
      callable<(x: Tensor) => Tensor>('from a tensor to a tensor'),
    ),
    'relu',
  ),
  ...keyOption,
};

/** Widths, activation and first values. */
export interface MLPOptions extends OptionsOf<typeof mlpOptions> {}

/** Linear layers with an activation between them. */
export class MLP extends Module {
  /** One for each pair of neighbouring sizes. */
  layers: Linear[];
  /** What runs between the layers. */
  readonly activation: Named | ((x: Tensor) => Tensor);

  constructor(options: MLPOptions) {
    super();
    if (arguments.length > 1) refuseExtra('MLP', arguments, 1);
    const { sizes, activation, key } = readOptions('MLP', mlpOptions, options);
    this.layers = sizes
      .slice(1)
      .map((size, i) => new Linear(sizes[i] as number, size, { key: fold(key, 'layers', i) }));
    this.activation = activation;
  }

  /** Shapes: x [..., sizes[0]] → [..., sizes.at(-1)]. The key is for adapters of its layers. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('MLP.forward', arguments);
    const { activation } = this;
    const activate = typeof activation === 'string' ? activations[activation] : activation;
    return this.layers.reduce((y, layer, i) => layer.forward(i === 0 ? y : activate(y), forPart(options, i)), x);
  }
}
