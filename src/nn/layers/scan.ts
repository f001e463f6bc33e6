import { stack } from '../../tensor/ops/movement/concat';
import { squeeze } from '../../tensor/ops/movement/reshape';
import { split } from '../../tensor/ops/movement/slice';
import type { Tensor } from '../../tensor/tensor';

/** One step in time: from a state and an input to the next state, and what is put out. */
export type Step<S> = (state: S, x: Tensor, t: number) => readonly [state: S, output: Tensor];

/**
 * The loop over time, a fold that keeps what each step puts out: (sₜ, yₜ) = step(sₜ₋₁, xₜ, t), t = 0 … T − 1.
 * Shapes: xs [B, T, ...] → output [B, T, ...], and the last state; x and y of a step have no axis T.
 */
export function scan<S>(step: Step<S>, initial: S, xs: Tensor): { output: Tensor; state: S } {
  const outputs: Tensor[] = [];
  let state = initial;
  for (const [t, x] of stepsOf(xs).entries()) {
    const [next, y] = step(state, x, t);
    outputs.push(y);
    state = next;
  }
  return { output: stack(outputs, 1), state };
}

/** xs[:, t] for all t, by halves of halves: the derivative of each cut fills up what was cut, T·log T in place of T². */
function stepsOf(xs: Tensor): Tensor[] {
  const steps = xs.shape[1] as number;
  if (steps === 1) return [squeeze(xs, 1)];
  const half = steps >>> 1;
  return split(xs, [half, steps - half], 1).flatMap(stepsOf);
}
