import { fold } from '../../base/key';
import { checkArgument, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import { tensorKind } from '../../tensor/kinds';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sigmoid } from '../../tensor/ops/elementwise/sigmoid';
import { sub } from '../../tensor/ops/elementwise/sub';
import { tanh } from '../../tensor/ops/elementwise/tanh';
import { split } from '../../tensor/ops/movement/slice';
import type { Tensor } from '../../tensor/tensor';
import { forPart } from '../forward-options';
import { Module } from '../module';
import { extent } from '../options';
import type { Linear } from './linear';
import { checkSequence, gatesOf, passOptions, type RecurrentOptions, recurrentOptions } from './recurrent';
import { scan } from './scan';

const gruForwardOptions = {
  /** What an earlier call left, [B, H] (default: zeros). */
  state: optional(tensorKind),
  ...passOptions,
};

/** Where to go on from, and the key for adapters of its parts. */
export interface GRUForwardOptions extends OptionsOf<typeof gruForwardOptions> {}

/**
 * A gated recurrent unit: a state h of `width` numbers that each step moves towards a candidate n, as far as z lets it.
 *
 *     r, z = σ(Wx + b + Uh + c)            reset and update gates
 *     n = tanh(Wx + b + r ⊙ (Uh + c))
 *     h ← (1 − z) ⊙ n + z ⊙ h
 *
 * W and b are `input`, U and c are `hidden`, each with the rows of r, z and n one below the other, as in PyTorch, which
 * has the first values, too; `recurrentNames` gives its parameters these names. For more layers, feed one the output of another.
 * @see Cho et al., "Learning phrase representations using RNN encoder–decoder", arXiv 1406.1078, with the reset after the
 *   product as in `torch.nn.GRU`.
 * @example
 * const gru = new GRU(3, 5, { key: random.key(0) });
 * const x = random.normal(random.key(1), [2, 4, 3]); // [batch, time, inputs]
 * const { output, state } = gru.forward(x);
 * console.log(output.shape, state.shape); // prints [ 2, 4, 5 ] [ 2, 5 ]
 */
export class GRU extends Module {
  /** [inputs] → [3·H], of all steps in one product. */
  input: Linear;
  /** [H] → [3·H], of each step. */
  hidden: Linear;

  /** `width` is H, the size of the state. */
  constructor(inputs: number, width: number, options: RecurrentOptions) {
    super();
    if (arguments.length > 3) refuseExtra('GRU', arguments, 3);
    checkArgument('GRU', 'inputs', extent, inputs);
    checkArgument('GRU', 'width', extent, width);
    const { bias, key } = readOptions('GRU', recurrentOptions, options, 'inputs, width');
    this.input = gatesOf(inputs, width, 3, bias, fold(key, 'input'));
    this.hidden = gatesOf(width, width, 3, bias, fold(key, 'hidden'));
  }

  /** Shapes: x [B, T, inputs] → output [B, T, H], the state [B, H] after each step, and the last one. @throws ShapeError `recurrent/shapes` */
  forward(
    x: Tensor,
    options: GRUForwardOptions = {},
  ): {
    /** h after each step: [B, T, H]. */
    output: Tensor;
    /** The last h: [B, H]. */
    state: Tensor;
  } {
    if (arguments.length > 2) refuseExtra('GRU.forward', arguments, 2);
    const { state, key } = readOptions('GRU.forward', gruForwardOptions, options, 'x');
    checkSequence('GRU.forward', this, x, state ? [state] : []);
    const projected = this.input.forward(x, forPart({ key }, 'input')); // [B, T, 3·H]
    const ofSteps = forPart({ key }, 'hidden');
    const width = this.hidden.weight.shape[1] as number;
    const step = (h: Tensor, gates: Tensor, t: number): [Tensor, Tensor] => {
      const [xr, xz, xn] = split(gates, 3, 1) as [Tensor, Tensor, Tensor]; // [B, H] each
      const [hr, hz, hn] = split(this.hidden.forward(h, forPart(ofSteps, t)), 3, 1) as [Tensor, Tensor, Tensor];
      const r = sigmoid(add(xr, hr));
      const z = sigmoid(add(xz, hz));
      const n = tanh(add(xn, mul(r, hn)));
      const next = add(n, mul(z, sub(h, n))); // (1 − z)·n + z·h
      return [next, next];
    };
    return scan(step, state ?? zeros([x.shape[0] as number, width]), projected);
  }
}
