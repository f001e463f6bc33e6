import fc from 'fast-check';
import * as f from '../../../src/index';
import { elementwise, ids, type OpCase, type OpRow, opCase, spaced } from '../../../src/laws';
import { row } from '../op-cases';

type Tensor = f.Tensor;

// Ops whose results are whole numbers: as floats they have the derivative 0 wherever they have one. Inputs keep away from
// where a result jumps.

const asFloat = (of: (x: Tensor) => Tensor) => (x: Tensor) => f.cast(of(x), 'float32');
const one = (name: string, of: (x: Tensor) => Tensor): OpRow => elementwise(name, asFloat(of), spaced);
const two = (name: string, of: (a: Tensor, b: Tensor) => Tensor): OpRow => one(name, (x) => of(f.greater(x, 0), x));

const along = (shape: f.Shape, of: typeof f.any): OpCase =>
  opCase(
    [spaced(shape)],
    asFloat((x) => of(f.greater(x, 0.25), { axis: -1 })),
  );

export const wholeRows: OpRow[] = [
  row('all', (extent) => fc.tuple(extent, extent).map((shape) => along(shape, f.all))),
  row('any', (extent) => fc.tuple(extent, extent).map((shape) => along(shape, f.any))),
  row(
    'argmin',
    (extent) =>
      fc.tuple(extent, extent).map((shape) =>
        opCase(
          [spaced(shape)],
          asFloat((x) => f.argmin(x, { axis: 0 })),
        ),
      ),
    true,
  ),
  one('argsort', (x) => f.argsort(f.reshape(x, [-1]), { descending: true })),
  one('isFinite', (x) => f.isFinite(f.log(f.maximum(x, 0)))),
  one('isNaN', (x) => f.isNaN(f.log(x))),
  two('logicalAnd', f.logicalAnd),
  one('logicalNot', f.logicalNot),
  two('logicalOr', f.logicalOr),
  one('notEqual', (x) => f.notEqual(f.abs(x), x)),
  row('oneHot', (extent) =>
    fc
      .tuple(extent, extent)
      .map((of) => opCase([ids(of, 3), spaced([3])], (at, x) => f.mul(f.oneHot(at as Tensor, 3), x as Tensor))),
  ),
];
