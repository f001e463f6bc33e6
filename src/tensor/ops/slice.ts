import { ShapeError } from '../../base/errors';
import { normalizeAxis, type Shape, show, stridesOf } from '../../base/shape';
import { apply, type Op } from '../op';
import type { Tensor } from '../tensor';
import { place } from './pad';

const sliceOp: Op<1, Shape> = {
  name: 'slice',
  forward(backend, [x], start, shape) {
    const strides = stridesOf(x.shape);
    const offset = start.reduce((sum, at, axis) => sum + at * (strides[axis] as number), 0);
    return backend.strided(x, shape, strides, offset);
  },
  vjp: (g, [x], { attributes: start }) => [() => place(g, start, x.shape)],
};

/**
 * The block from `start` up to, but without, `end`, one entry per axis; negative entries count from the back, and axes
 * that are left out are taken whole.
 * @throws ShapeError `slice/range`
 */
export function slice(x: Tensor, start: readonly number[], end: readonly number[]): Tensor {
  const from = x.shape.map((extent, axis) => fromFront(start[axis] ?? 0, extent));
  const to = x.shape.map((extent, axis) => fromFront(end[axis] ?? extent, extent));
  const shape = to.map((stop, axis) => stop - (from[axis] as number));
  const inside = x.shape.every((extent, axis) => (from[axis] as number) >= 0 && (to[axis] as number) <= extent);
  if (!inside || shape.some((extent) => extent < 0) || Math.max(start.length, end.length) > x.ndim) {
    throw new ShapeError({
      code: 'slice/range',
      got: `slice got ${show(x.shape)} from ${show(start)} to ${show(end)}`,
      expected: '0 ≤ start ≤ end ≤ extent on each axis',
      fix: 'check the bounds against the shape',
    });
  }
  return apply(sliceOp, [x], from, shape);
}

/** `parts` blocks along an axis: that many equal ones, or blocks of the given sizes. */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  const at = normalizeAxis('split', axis, x.shape);
  const extent = x.shape[at] as number;
  const sizes = typeof parts === 'number' ? new Array<number>(parts).fill(extent / parts) : parts;
  if (sizes.reduce((a, b) => a + b, 0) !== extent || !sizes.every(Number.isInteger)) {
    throw new ShapeError({
      code: 'split/sizes',
      got: `split got ${show(x.shape)}, axis ${axis} and the parts ${JSON.stringify(parts)}`,
      expected: `whole sizes that add up to ${extent}`,
      fix: 'pass the sizes one by one',
    });
  }
  let offset = 0;
  return sizes.map((size) => {
    const from = x.shape.map((_, i) => (i === at ? offset : 0));
    offset += size;
    return slice(
      x,
      from,
      x.shape.map((whole, i) => (i === at ? offset : whole)),
    );
  });
}

function fromFront(position: number, extent: number): number {
  return position < 0 ? position + extent : position;
}
