import { fold } from '../../base/key';
import {
  checkArgument,
  isPlainObject,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
} from '../../base/options';
import { zeros } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sigmoid } from '../../tensor/ops/elementwise/sigmoid';
import { tanh } from '../../tensor/ops/elementwise/tanh';
import { split } from '../../tensor/ops/movement/slice';
import type { Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';
import { forPart } from '../forward-options';
import { Module } from '../module';
import { extent } from '../options';
import type { Linear } from './linear';
import { checkSequence, gatesOf, passOptions, type RecurrentOptions, recurrentOptions } from './recurrent';
import { scan } from './scan';

/** What an LSTM keeps from one step to the next. */
export interface LSTMState {
  /** h [B, H], which is put out. */
  readonly hidden: Tensor;
  /** c [B, H], which is not. */
  readonly cell: Tensor;
}

const lstmForwardOptions = {
  /** What an earlier call left, { hidden, cell } [B, H] each (default: zeros). */
  state: optional(
    kindOf<LSTMState>(
      'the tensors { hidden, cell }',
      (value) => isPlainObject(value) && isTensor(value.hidden) && isTensor(value.cell),
    ),
  ),
  ...passOptions,
};

/** Where to go on from, and the key for adapters of its parts. */
export interface LSTMForwardOptions extends OptionsOf<typeof lstmForwardOptions> {}

/**
 * Long short-term memory: a cell c of `width` numbers that gates let decay, add to and read.
 *
 *     i, f, o = σ(Wx + b + Uh + d)         input, forget and output gates
 *     g = tanh(Wx + b + Uh + d)
 *     c ← f ⊙ c + i ⊙ g
 *     h ← o ⊙ tanh(c)
 *
 * W and b are `input`, U and d are `hidden`, each with the rows of i, f, g and o one below the other, as in PyTorch, which
 * has the first values, too; `recurrentNames` gives its parameters these names. For more layers, feed one the output of another.
 * @see Gers, Schmidhuber and Cummins, "Learning to forget" (2000); the form is that of `torch.nn.LSTM`.
 * @example
 * const lstm = new LSTM(3, 5, { key: random.key(0) });
 * const x = random.normal(random.key(1), [2, 4, 3]); // [batch, time, inputs]
 * const { output, state } = lstm.forward(x);
 * console.log(output.shape, state.cell.shape); // prints [ 2, 4, 5 ] [ 2, 5 ]
 */
export class LSTM extends Module {
  /** [inputs] → [4·H], of all steps in one product. */
  input: Linear;
  /** [H] → [4·H], of each step. */
  hidden: Linear;

  /** `width` is H, the size of hidden and of cell. */
  constructor(inputs: number, width: number, options: RecurrentOptions) {
    super();
    if (arguments.length > 3) refuseExtra('LSTM', arguments, 3);
    checkArgument('LSTM', 'inputs', extent, inputs);
    checkArgument('LSTM', 'width', extent, width);
    const { bias, key } = readOptions('LSTM', recurrentOptions, options, 'inputs, width');
    this.input = gatesOf(inputs, width, 4, bias, fold(key, 'input'));
    this.hidden = gatesOf(width, width, 4, bias, fold(key, 'hidden'));
  }

  /** Shapes: x [B, T, inputs] → output [B, T, H], h after each step, and the last state. @throws ShapeError `recurrent/shapes` */
  forward(
    x: Tensor,
    options: LSTMForwardOptions = {},
  ): {
    /** h after each step: [B, T, H]. */
    output: Tensor;
    /** h and c after the last step. */
    state: LSTMState;
  } {
    if (arguments.length > 2) refuseExtra('LSTM.forward', arguments, 2);
    const { state, key } = readOptions('LSTM.forward', lstmForwardOptions, options, 'x');
    checkSequence('LSTM.forward', this, x, state ? [state.hidden, state.cell] : []);
    const projected = this.input.forward(x, forPart({ key }, 'input')); // [B, T, 4·H]
    const ofSteps = forPart({ key }, 'hidden');
    const start = (): Tensor => zeros([x.shape[0] as number, this.hidden.weight.shape[1] as number]);
    const step = ({ hidden, cell }: LSTMState, gates: Tensor, t: number): [LSTMState, Tensor] => {
      const sum = add(gates, this.hidden.forward(hidden, forPart(ofSteps, t))); // [B, 4·H]
      const [i, f, g, o] = split(sum, 4, 1) as [Tensor, Tensor, Tensor, Tensor]; // [B, H] each
      const c = add(mul(sigmoid(f), cell), mul(sigmoid(i), tanh(g)));
      const h = mul(sigmoid(o), tanh(c));
      return [{ hidden: h, cell: c }, h];
    };
    return scan(step, state ?? { hidden: start(), cell: start() }, projected);
  }
}
