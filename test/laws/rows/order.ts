import fc from 'fast-check';
import * as f from '../../../src/index';
import {
  type Extents,
  ids,
  type OpRow,
  opCase,
  real,
  reducing,
  reductions,
  shapeAndAxis,
  shapesOf,
  spaced,
} from '../../../src/laws';
import { row } from '../op-cases';

type Tensor = f.Tensor;

/** A shape of at least one axis, one of its axes, and another number. */
const axisAnd = (extent: Extents, other: fc.Arbitrary<number>) =>
  fc.tuple(shapeAndAxis(extent), other).map(([{ shape, axis }, more]) => ({ shape, axis, more }));

/** Ops that move, order and reduce: rows as in `../ops.ts`. */
export const order: OpRow[] = [
  row('at', (extent) =>
    fc.tuple(fc.array(fc.nat(2), { minLength: 1, maxLength: 2 }), shapesOf(extent, 0, 2)).map(([indices, rest]) =>
      opCase([real([...indices.map((index) => index + 1), ...rest])], (x) => f.at(x, ...indices.map((i) => -1 - i)), {
        indices,
      }),
    ),
  ),
  row('diag', (extent) =>
    fc
      .tuple(shapesOf(extent, 1, 2), fc.integer({ min: -3, max: 3 }))
      .map(([shape, k]) => opCase([real(shape)], (x) => f.diag(x, k), { k })),
  ),
  row('flip', (extent) =>
    shapesOf(extent)
      .chain((shape) => fc.subarray(shape.map((_, axis) => axis)).map((axes) => ({ shape, axes })))
      .map(({ shape, axes }) => opCase([real(shape)], (x) => f.flip(x, axes), { axes })),
  ),
  row('norm', (extent) =>
    fc
      .tuple(reductions(extent), fc.constantFrom(1, 2))
      .map(([{ shape, options }, p]) =>
        opCase([spaced(shape)], (x) => f.norm(x, { ...options, p }), { ...options, p }),
      ),
  ),
  reducing('norm: Infinity', (x, options) => f.norm(x, { ...options, p: Infinity }), {
    input: (shape) => spaced(shape, 1),
    needsElements: true,
  }),
  row('outer', (extent) => fc.tuple(extent, extent).map(([n, m]) => opCase([real([n]), real([m])], f.outer))),
  { ...reducing('prod', f.prod), reach: 4 },
  row('repeat', (extent) =>
    axisAnd(extent, fc.nat(3)).map(({ shape, axis, more }) =>
      opCase([real(shape)], (x) => f.repeat(x, more, axis), { axis, more }),
    ),
  ),
  row('roll', (extent) =>
    axisAnd(extent, fc.integer({ min: -6, max: 6 })).map(({ shape, axis, more }) =>
      opCase([real(shape)], (x) => f.roll(x, more, axis), { axis, more }),
    ),
  ),
  row('scatter', (extent) =>
    fc
      .tuple(
        fc.integer({ min: 1, max: 4 }),
        shapesOf(extent, 0, 2),
        shapesOf(extent, 0, 2),
        fc.constantFrom('set' as const, 'add' as const),
      )
      .map(([rows, row, of, mode]) =>
        opCase(
          [real([rows, ...row]), ids(of, rows), real([...of, ...row])],
          (x, at, values) => f.scatter(x as Tensor, at as Tensor, values as Tensor, { mode }),
          { mode },
        ),
      ),
  ),
  row('sort', (extent) =>
    fc
      .tuple(shapeAndAxis(extent), fc.boolean())
      .map(([{ shape, axis }, descending]) =>
        opCase([spaced(shape)], (x) => f.sort(x, { axis, descending }).values, { axis, descending }),
      ),
  ),
  row('std', (extent) =>
    fc.tuple(extent, extent).map((shape) => opCase([spaced([...shape, 3])], (x) => f.std(x, { axis: [0, -1] }))),
  ),
  row('takeAlong: along an axis', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 1), fc.integer({ min: 1, max: 4 }), shapesOf(extent, 0, 1), fc.option(fc.nat(3)))
      .map(([before, n, after, count]) => {
        const chosen = count === null ? [] : [count]; // none: the axis goes
        return opCase(
          [real([...before, n, ...after]), ids([...before, ...chosen, ...after], n)],
          (x, at) => f.takeAlong(x as Tensor, at as Tensor, before.length),
          { axis: before.length },
        );
      }),
  ),
  row('tile', (extent) =>
    fc
      .tuple(shapesOf(extent, 0, 2), fc.array(fc.nat(2), { maxLength: 3 }))
      .map(([shape, repeats]) => opCase([real(shape)], (x) => f.tile(x, repeats), { repeats })),
  ),
  row('triu', (extent) =>
    fc
      .tuple(shapesOf(extent, 2), fc.integer({ min: -2, max: 2 }))
      .map(([shape, k]) => opCase([real(shape)], (x) => f.triu(x, k), { k })),
  ),
];
