import { checkNumber, checkOptions, OptionError } from '../base/errors';
import { fold, type Key } from '../base/key';
import { gelu } from '../tensor/ops/gelu';
import { relu } from '../tensor/ops/relu';
import { tanh } from '../tensor/ops/tanh';
import type { Tensor } from '../tensor/tensor';
import { type ForwardOptions, forPart } from './forward-options';
import { Linear } from './linear';
import { Module } from './module';

const activations = { relu, gelu, tanh };

/** Widths, activation and first values. */
export interface MLPOptions {
  /** Widths from the input to the output: [784, 512, 10] makes two layers. */
  readonly sizes: readonly number[];
  /** Between the layers, not after the last one (default 'relu'). */
  readonly activation?: keyof typeof activations;
  /** What the first values are drawn from. */
  readonly key: Key;
}

/** Linear layers with an activation between them. */
export class MLP extends Module {
  /** One for each pair of neighbouring sizes. */
  layers: Linear[];
  /** What runs between the layers. */
  readonly activation: keyof typeof activations;

  /** @throws OptionError `mlp/activation` */
  constructor(options: MLPOptions) {
    super();
    checkOptions('MLP', options, ['sizes', 'activation', 'key']);
    const { sizes, activation = 'relu', key } = options;
    checkNumber('MLP', 'sizes.length', sizes.length, { low: 2 });
    if (!Object.hasOwn(activations, activation)) throw unknownActivation(activation);
    this.layers = sizes
      .slice(1)
      .map((size, i) => new Linear(sizes[i] as number, size, { key: fold(key, 'layers', i) }));
    this.activation = activation;
  }

  /** Shapes: x [..., sizes[0]] → [..., sizes.at(-1)]. The key is for adapters of its layers. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const activate = activations[this.activation];
    return this.layers.reduce((y, layer, i) => layer.forward(i === 0 ? y : activate(y), forPart(options, i)), x);
  }
}

function unknownActivation(activation: string): OptionError {
  return new OptionError({
    code: 'mlp/activation',
    got: `MLP got the activation ${JSON.stringify(activation)}`,
    expected: `one of ${Object.keys(activations).join(', ')}`,
    fix: 'leave it out for relu, or build a Sequential with a function of your own',
  });
}
