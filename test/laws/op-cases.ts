import fc from 'fast-check';
import * as f from '../../src/index';
import {
  broadcastShapesOf,
  type Extents,
  type OpCase,
  type OpRow,
  opCase,
  real,
  shapeAndAxis,
  shapesOf,
} from '../../src/laws';

type Tensor = f.Tensor;

/** A record of independent switches. */
export const flags = <Name extends string>(...names: Name[]): fc.Arbitrary<Record<Name, boolean>> =>
  fc.tuple(...names.map(() => fc.boolean())).map((on) => {
    const entries = names.map((name, i) => [name, on[i]]);
    return Object.fromEntries(entries) as Record<Name, boolean>;
  });

/** A row for any op: `cases` as in `OpRow`. */
export const row = (name: string, cases: (extent: Extents) => fc.Arbitrary<OpCase>, needsElements = false): OpRow => ({
  name,
  cases,
  needsElements,
});

/** A row for an op along one axis of its only tensor. */
export const alongAxis = (name: string, of: (x: Tensor, axis: number) => Tensor): OpRow =>
  row(name, (extent) =>
    shapeAndAxis(extent).map(({ shape, axis }) => opCase([real(shape)], (x) => of(x, axis), { axis })),
  );

/** Batch axes and the last two axes of each factor of a product, stored swapped or not. */
export const products = (extent: Extents) =>
  fc
    .tuple(
      broadcastShapesOf(extent).filter((batch) => batch.every((axes) => axes.length <= 2)),
      fc.tuple(extent, extent, extent),
      flags('transposeA', 'transposeB'),
    )
    .map(([[p, q], [m, k, n], options]) =>
      opCase(
        [
          real([...(p as f.Shape), ...(options.transposeA ? [k, m] : [m, k])]),
          real([...(q as f.Shape), ...(options.transposeB ? [n, k] : [k, n])]),
        ],
        (a, b) => f.matmul(a, b, options),
        options,
      ),
    );

/** A block inside a shape. */
export const blocks = (extent: Extents): fc.Arbitrary<{ shape: number[]; start: number[]; end: number[] }> =>
  shapesOf(extent)
    .chain((shape) =>
      fc.tuple(...shape.map((whole) => fc.tuple(fc.nat(whole), fc.nat(whole)))).map((cuts) => ({ shape, cuts })),
    )
    .map(({ shape, cuts }) => ({
      shape,
      start: cuts.map((cut) => Math.min(...cut)),
      end: cuts.map((cut) => Math.max(...cut)),
    }));

/** A shape, and its axes in another order. */
export const orders = (extent: Extents): fc.Arbitrary<{ shape: number[]; axes: number[] }> =>
  shapesOf(extent).chain((shape) =>
    fc
      .shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      )
      .map((axes) => ({ shape, axes })),
  );
