import { ShapeError } from '../../base/errors';
import { fold, type Key, keyKind } from '../../base/key';
import { boolean, type OptionsOf, optional } from '../../base/options';
import { type Shape, sameShape, show } from '../../base/shape';
import { checkFloat } from '../../tensor/op';
import type { Tensor } from '../../tensor/tensor';
import { initializers } from '../initializers';
import { keyOption } from '../options';
import { Linear } from './linear';

// What GRU and LSTM share: options, first values and checks.

export const recurrentOptions = {
  /** Add a bias to both products (default true). */
  bias: optional(boolean, true),
  ...keyOption,
};

/** Bias and first values. */
export interface RecurrentOptions extends OptionsOf<typeof recurrentOptions> {}

/** The option of `forward` that every layer has; the state has a kind of its own in each. */
export const passOptions = {
  /** The source of randomness of this pass, for adapters of the parts. */
  key: optional(keyKind),
};

/** From inputs to the gates of `width` units each, with PyTorch's first values: U(−1/√width, 1/√width). */
export function gatesOf(inputs: number, width: number, gates: number, bias: boolean, key: Key): Linear {
  const layer = new Linear(inputs, gates * width, { bias, key });
  const draw = (part: string, shape: Shape): Tensor => initializers.uniform(fold(key, part), shape, width ** -0.5);
  layer.weight = draw('weight', layer.weight.shape);
  if (layer.bias) layer.bias = draw('bias', layer.bias.shape);
  return layer;
}

/** @throws ShapeError `recurrent/shapes` unless x is [B, T, inputs] with a step in time, and each state [B, width] */
export function checkSequence(
  where: string,
  layer: { input: Linear; hidden: Linear },
  x: Tensor,
  states: Tensor[],
): void {
  checkFloat(where, x, ...states);
  const [inputs, width] = [layer.input.weight.shape[1], layer.hidden.weight.shape[1] as number];
  const [batch, steps] = x.shape;
  const fits = x.ndim === 3 && steps !== 0 && x.shape[2] === inputs;
  if (fits && states.every(({ shape }) => sameShape(shape, [batch as number, width]))) return;
  throw new ShapeError({
    code: 'recurrent/shapes',
    got: `${where} got ${[x, ...states].map(({ shape }) => show(shape)).join(' and the state ')}`,
    expected: `x [batch, time ≥ 1, ${inputs}], and a state [batch, ${width}] where there is one`,
    fix: 'reshape one step in time to [batch, 1, inputs], and pass a state that a batch as large has left',
  });
}
