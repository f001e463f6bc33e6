import { ShapeError } from '../../base/errors';
import { type Shape, show } from '../../base/shape';
import { apply, type Op } from '../op';
import type { Tensor } from '../tensor';
import { slice } from './slice';

const op: Op<1, { readonly before: Shape; readonly value: number }> = {
  name: 'pad',
  forward: (backend, [x], { before, value }, shape) => backend.pad(x, before, shape, value),
  vjp: (g, [x], { attributes: { before } }) => [
    () =>
      slice(
        g,
        before,
        before.map((at, axis) => at + (x.shape[axis] as number)),
      ),
  ],
};

/**
 * x with `value` (default 0) around it: `padding` holds the numbers of elements before and after, a pair for each axis.
 * Shapes: x [a, b], padding [[1, 2], [0, 3]] → [a + 3, b + 3].
 * @throws ShapeError `pad/padding`
 */
export function pad(x: Tensor, padding: readonly (readonly [number, number])[], value = 0): Tensor {
  const whole = (count: number): boolean => Number.isInteger(count) && count >= 0;
  if (padding.length !== x.ndim || !padding.every((pair) => pair.length === 2 && pair.every(whole))) {
    throw new ShapeError({
      code: 'pad/padding',
      got: `pad got ${show(x.shape)} and the padding ${JSON.stringify(padding)}`,
      expected: `${x.ndim} pairs [before, after] of whole numbers ≥ 0, one for each axis`,
      fix: 'pass [0, 0] for an axis that stays, and use slice to cut',
    });
  }
  const before = padding.map(([first]) => first);
  const shape = x.shape.map((extent, axis) => extent + (padding[axis]?.[0] as number) + (padding[axis]?.[1] as number));
  return apply(op, [x], { before, value }, shape);
}

/** Zeros of `shape` with x at position `start`: the transpose of `slice`. */
export function place(x: Tensor, start: Shape, shape: Shape): Tensor {
  return apply(op, [x], { before: start, value: 0 }, shape);
}
