import { ShapeError } from '../../../base/errors';
import { checkArgument, either, inMessage, listOf, refuseExtra, whole } from '../../../base/options';
import { axisKind, normalizeAxis, type Shape, show, stridesOf } from '../../../base/shape';
import { checkTensor } from '../../check';
import { apply, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';
import { place } from './pad';

const sliceOp: Primitive<[x: Tensor], Shape> = {
  name: 'slice',
  kernel(backend, [x], start, shape) {
    const strides = stridesOf(x.shape);
    const offset = start.reduce((sum, at, axis) => sum + at * (strides[axis] as number), 0);
    return backend.strided(x, shape, strides, offset);
  },
  vjp: (g, [x], { attributes: start }) => [() => place(g, start, x.shape)],
};

const positions = listOf(whole());
const partsKind = either(whole({ low: 1, high: 2 ** 32 - 1 }), listOf(whole({ low: 0 })));

/**
 * The block from `start` up to, but without, `end`, one entry per axis; negative entries count from the back, and axes
 * that are left out are taken whole, so that without `end` it is all from `start` on.
 * @throws ShapeError `slice/range`
 * @throws OptionError `options/range` for positions that are not whole
 * @example
 * console.log(await slice(tensor([1, 2, 3, 4]), [-2]).array()); // prints [ 3, 4 ]
 */
export function slice(x: Tensor, start: readonly number[], end?: readonly number[]): Tensor {
  if (arguments.length > 3) refuseExtra('slice', arguments, 3);
  if (end === undefined) return slice(x, start, []);
  checkTensor('slice', x);
  checkArgument('slice', 'start', positions, start);
  checkArgument('slice', 'end', positions, end);
  return sliced(x, start, end);
}

function sliced(x: Tensor, start: readonly number[], end: readonly number[]): Tensor {
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

/**
 * `parts` blocks along an axis: that many equal ones, or blocks of the given sizes.
 * @throws ShapeError `split/sizes`, `axis/range`
 * @throws OptionError `options/range` for a number of parts, or a size, that is not whole
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  if (arguments.length > 3) refuseExtra('split', arguments, 3);
  checkTensor('split', x);
  checkArgument('split', 'parts', partsKind, parts);
  checkArgument('split', 'axis', axisKind, axis);
  const at = normalizeAxis('split', axis, x.shape);
  const extent = x.shape[at] as number;
  const sizes = typeof parts === 'number' ? equalParts(extent, parts) : parts;
  if (sizes === null || sizes.reduce((a, b) => a + b, 0) !== extent) {
    throw new ShapeError({
      code: 'split/sizes',
      got: `split got ${show(x.shape)}, axis ${axis} and the parts ${inMessage(parts)}`,
      expected: `whole sizes that add up to ${extent}`,
      fix: 'pass the sizes one by one',
    });
  }
  let offset = 0;
  return sizes.map((size) => {
    const from = x.shape.map((_, i) => (i === at ? offset : 0));
    offset += size;
    return sliced(
      x,
      from,
      x.shape.map((whole, i) => (i === at ? offset : whole)),
    );
  });
}

/** null: the parts cannot be equal. */
function equalParts(extent: number, parts: number): number[] | null {
  return extent % parts === 0 ? new Array<number>(parts).fill(extent / parts) : null;
}

function fromFront(position: number, extent: number): number {
  return position < 0 ? position + extent : position;
}
