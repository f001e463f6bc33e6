import { ShapeError } from '../../../base/errors';
import { checkArgument, inMessage, kindOf, refuseExtra } from '../../../base/options';
import { checkShape, type Shape, show } from '../../../base/shape';
import { checkTensor } from '../../check';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { slice } from './slice';

const op: Primitive<[x: Tensor], { readonly before: Shape; readonly value: number }> = {
  name: 'pad',
  kernel: (backend, [x], { before, value }, shape) => backend.pad(x, before, shape, value),
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
export function pad(x: Tensor, padding: readonly (readonly [number, number])[], value?: number): Tensor {
  if (arguments.length > 3) refuseExtra('pad', arguments, 3);
  if (value === undefined) return pad(x, padding, 0);
  checkTensor('pad', x);
  checkArgument('pad', 'value', fillKind, value);
  if (!Array.isArray(padding) || padding.length !== x.ndim || !Array.from(padding).every(isPair)) {
    throw new ShapeError({
      code: 'pad/padding',
      got: `pad got ${show(x.shape)} and the padding ${inMessage(padding)}`,
      expected: `${x.ndim} pairs [before, after] of whole numbers ≥ 0, one for each axis`,
      fix: 'pass [0, 0] for an axis that stays, and use slice to cut',
    });
  }
  const before = padding.map(([first]) => first);
  const shape = x.shape.map((extent, axis) => extent + (padding[axis]?.[0] as number) + (padding[axis]?.[1] as number));
  checkShape('pad', shape);
  return apply(op, [x], { before, value }, shape);
}

const fillKind = kindOf<number>('a number', (value) => typeof value === 'number');

function isPair(pair: unknown): boolean {
  return Array.isArray(pair) && pair.length === 2 && isCount(pair[0]) && isCount(pair[1]);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Zeros of `shape` with x at position `start`: the transpose of `slice`. */
export function place(x: Tensor, start: Shape, shape: Shape): Tensor {
  return apply(op, [x], { before: start, value: 0 }, shape);
}
