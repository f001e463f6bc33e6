import { fold } from '../../base/key';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { mul } from '../../tensor/ops/elementwise/mul';
import { silu } from '../../tensor/ops/elementwise/silu';
import type { Tensor } from '../../tensor/tensor';
import { checkForward, type ForwardOptions, forPart } from '../forward-options';
import { Module } from '../module';
import { deviation, extent, keyOption } from '../options';
import { Linear } from './linear';

const swigluOptions = {
  /** Width between the layers, F (default ⌈8·width/3⌉: about as many weights as a `FeedForward` has). */
  hidden: optional(extent),
  /** Standard deviation of the first weights of `gate` and `value`, as in `Linear`. */
  std: optional(deviation),
  /** Standard deviation of the first weights of `proj`, as in `Linear`. */
  projStd: optional(deviation),
  ...keyOption,
};

/** The width between the layers, and first values. */
export interface SwiGLUOptions extends OptionsOf<typeof swigluOptions> {}

/**
 * Gated feed-forward layers without biases: (silu(x·Wᵀ) ⊙ x·Vᵀ)·W₂ᵀ.
 * @see Shazeer, "GLU variants improve transformer", arXiv 2002.05202, eq. 6.
 * @example
 * const mlp = new SwiGLU(6, { key: random.key(0) });
 * console.log(mlp.gate.weight.shape, mlp.forward(ones([2, 6])).shape); // prints [ 16, 6 ] [ 2, 6 ]
 */
export class SwiGLU extends Module {
  /** W: [D] → [F], decides how much of the values passes. */
  gate: Linear;
  /** V: [D] → [F] */
  value: Linear;
  /** W₂: [F] → [D] */
  proj: Linear;

  constructor(width: number, options: SwiGLUOptions) {
    super();
    if (arguments.length > 2) refuseExtra('SwiGLU', arguments, 2);
    checkArgument('SwiGLU', 'width', extent, width);
    const read = readOptions('SwiGLU', swigluOptions, options, 'width');
    const { hidden = Math.ceil((8 * width) / 3), std, projStd, key } = read;
    this.gate = new Linear(width, hidden, { bias: false, std, key: fold(key, 'gate') });
    this.value = new Linear(width, hidden, { bias: false, std, key: fold(key, 'value') });
    this.proj = new Linear(hidden, width, { bias: false, std: projStd, key: fold(key, 'proj') });
  }

  /** Shapes: x [..., D] → the same. The key is for adapters of its parts. */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    checkForward('SwiGLU.forward', arguments);
    const open = silu(this.gate.forward(x, forPart(options, 'gate'))); // [..., F]
    const values = this.value.forward(x, forPart(options, 'value')); // [..., F]
    return this.proj.forward(mul(open, values), forPart(options, 'proj'));
  }
}
