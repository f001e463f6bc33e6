import { ShapeError } from '../../../base/errors';
import { refuseExtra } from '../../../base/options';
import { show } from '../../../base/shape';
import { checkTensor } from '../../check';
import { apply, checkDType, type Primitive } from '../../op';
import type { Tensor } from '../../tensor';

const gatherOp: Primitive<[table: Tensor, ids: Tensor]> = {
  name: 'gather',
  kernel: (backend, [table, ids]) => backend.gather(table, ids),
  vjp: (g, [table, ids]) => [() => scatterAdd(g, ids, table.shape[0] as number), null],
};

const scatterAddOp: Primitive<[x: Tensor, ids: Tensor], number> = {
  name: 'scatterAdd',
  kernel: (backend, [g, ids], rows) => backend.scatterAdd(g, ids, rows),
  vjp: (g, [, ids]) => [() => gather(g, ids), null],
};

/**
 * Rows of a table of either dtype. Rows that were read several times collect several cotangents.
 * Shapes: table [rows, ...row], ids int32 of any shape → [...ids, ...row].
 * @throws ShapeError `gather/table`, `index/range`
 * @see scatter, its transpose, and takeAlong, which takes elements
 */
export function gather(table: Tensor, ids: Tensor): Tensor {
  if (arguments.length > 2) refuseExtra('gather', arguments, 2);
  checkTensor('gather', table);
  checkDType('gather', ids, 'int32');
  if (table.ndim === 0) {
    throw new ShapeError({
      code: 'gather/table',
      got: `gather got a table ${show(table.shape)}`,
      expected: 'at least one axis to pick rows from',
      fix: 'pass a table such as [vocabulary, width]',
    });
  }
  return apply(gatherOp, [table, ids], undefined, [...ids.shape, ...table.shape.slice(1)]);
}

/** The transpose of `gather`: sum the rows of x [...ids, ...row] into zeros [rows, ...row]. */
export function scatterAdd(x: Tensor, ids: Tensor, rows: number): Tensor {
  return apply(scatterAddOp, [x, ids], rows, [rows, ...x.shape.slice(ids.ndim)]);
}
