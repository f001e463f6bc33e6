import { ShapeError } from '../../../base/errors';
import { checkArgument, whole } from '../../../base/options';
import { show } from '../../../base/shape';
import { checkTensor } from '../../check';
import type { Tensor } from '../../tensor';
import { reshape } from './reshape';
import { slice } from './slice';

const indexKind = whole();

/**
 * The part of x at one index of the first axis, or at one of each of the first axes, which go; negative ones count from
 * the back. For either dtype. `slice` takes ranges.
 * Shapes: x [a, b, c], one index → [b, c], two → [c].
 * @throws ShapeError `index/range`
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(await x.at(-1).array(), await x.at(0, 1).item()); // prints [ 3, 4 ] 2
 */
export function at(x: Tensor, ...indices: number[]): Tensor {
  checkTensor('at', x);
  for (const index of indices.length === 0 ? [undefined] : indices) checkArgument('at', 'index', indexKind, index);
  const start = indices.map((index, axis) => (index < 0 ? index + (x.shape[axis] ?? 0) : index));
  if (!start.every((index, axis) => index >= 0 && index < (x.shape[axis] ?? 0))) {
    throw new ShapeError({
      code: 'index/range',
      got: `at got ${show(x.shape)} and the index ${show(indices)}`,
      expected: 'a position inside the tensor, with no more indices than axes',
      fix: 'count from 0, or from −1 backwards',
    });
  }
  const end = start.map((index) => index + 1);
  return reshape(slice(x, start, end), x.shape.slice(start.length));
}
