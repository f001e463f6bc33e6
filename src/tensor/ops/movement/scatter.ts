import type { TypedArray } from '../../../base/dtype';
import { ShapeError } from '../../../base/errors';
import { choice, type OptionsOf, optional, readOptions, refuseExtra } from '../../../base/options';
import { sameShape, show } from '../../../base/shape';
import { checkTensor } from '../../check';
import { checkDType, checkFloat } from '../../op';
import type { Tensor } from '../../tensor';
import { add } from '../elementwise/add';
import { concat } from './concat';
import { gather, scatterAdd } from './gather';
import { checkedIds, idsOnHost } from './ids';
import { reshape } from './reshape';

const scatterOptions = {
  /** 'set' (the default): values take the place of rows; 'add': they are added to them, float32 only. */
  mode: optional(choice('set', 'add'), 'set'),
};

/** What happens to the rows. */
export interface ScatterOptions extends OptionsOf<typeof scatterOptions> {}

/**
 * A copy of x in which rows have other values, or values added to them: the transpose of `gather`. Where ids are equal the
 * last one wins, on every backend, and 'add' adds all of them. Derivatives pass to what the result is made of: in the mode
 * 'set' to the rows of x that stay and the values that won, in the mode 'add' to all of x and all values. PyTorch calls
 * this `index_copy` and `index_add`; its `scatter` takes an id for each element.
 * Shapes: x [rows, ...row], ids int32 of any shape, values [...ids, ...row] → [rows, ...row]. Either dtype.
 * @throws ShapeError `scatter/shapes`, `index/range`
 * @see gather
 * @example
 * const ids = tensor([2, 0], { dtype: 'int32' });
 * console.log(await scatter(zeros([3]), ids, tensor([7, 8])).array()); // prints [ 8, 0, 7 ]
 */
export function scatter(x: Tensor, ids: Tensor, values: Tensor, options?: ScatterOptions): Tensor {
  if (arguments.length > 4) refuseExtra('scatter', arguments, 4);
  checkTensor('scatter', x);
  checkDType('scatter', ids, 'int32');
  checkDType('scatter', values, x.dtype);
  const { mode } = readOptions('scatter', scatterOptions, options === undefined ? {} : options, 'x, ids, values');
  const [rows, ...row] = x.shape;
  if (rows === undefined || !sameShape(values.shape, [...ids.shape, ...row])) {
    throw new ShapeError({
      code: 'scatter/shapes',
      got: `scatter got x ${show(x.shape)}, ids ${show(ids.shape)} and values ${show(values.shape)}`,
      expected:
        rows === undefined ? 'x with at least one axis' : `values ${show([...ids.shape, ...row])}, a row for each id`,
      fix: 'write broadcastTo(value, shape) to put one value into several rows',
    });
  }
  if (mode === 'add') {
    checkFloat('scatter', x);
    return add(x, scatterAdd(values, checkedIds('scatter', ids, rows), rows));
  }
  const sources = idsOnHost('scatter', ids, [rows], rows, (at) => lastOf(at, rows));
  return gather(concat([x, reshape(values, [ids.size, ...row])]), sources);
}

/** Where each row comes from in x with the values behind it. */
function lastOf(ids: TypedArray, rows: number): Int32Array {
  const sources = Int32Array.from({ length: rows }, (_, row) => row);
  ids.forEach((id, i) => {
    sources[id] = rows + i;
  });
  return sources;
}
