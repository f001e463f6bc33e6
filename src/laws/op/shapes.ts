import fc from 'fast-check';
import { checkArgument, refuseExtra, whole } from '../../base/options';
import type { Shape } from '../../base/shape';
import type { ReduceOptions } from '../../tensor/ops/reductions/reduce';
import type { Arbitrary } from '../arbitrary';
import { extentsKind } from '../kinds';

/** Extents of the axes of a case: what the suite hands to `OpRow.cases`. */
export type Extents = Arbitrary<number>;

/** Shapes of `least` to `most` axes. */
export function shapesOf(extent: Extents, least = 0, most = 3): Arbitrary<number[]> {
  if (arguments.length > 3) refuseExtra('shapesOf', arguments, 3);
  checkArgument('shapesOf', 'extent', extentsKind, extent);
  checkArgument('shapesOf', 'least', whole({ low: 0, high: 64 }), least);
  checkArgument('shapesOf', 'most', whole({ low: least, high: 64 }), most);
  return fc.array(extent, { minLength: least, maxLength: most });
}

/** A shape of at least one axis, and one of its axes, counted from either end. */
export function shapeAndAxis(extent: Extents): Arbitrary<{
  /** At least one axis. */
  shape: number[];
  /** One of its axes, counted from either end. */
  axis: number;
}> {
  if (arguments.length > 1) refuseExtra('shapeAndAxis', arguments, 1);
  checkArgument('shapeAndAxis', 'extent', extentsKind, extent);
  return shapesOf(extent, 1).chain((shape) =>
    fc.integer({ min: -shape.length, max: shape.length - 1 }).map((axis) => ({ shape, axis })),
  );
}

/** What `sum` and its like take: no axis (all of them), one, or several; and `keepDims`. */
export function reductions(extent: Extents): Arbitrary<{
  /** At least one axis. */
  shape: number[];
  /** For the reduction. */
  options: ReduceOptions;
}> {
  if (arguments.length > 1) refuseExtra('reductions', arguments, 1);
  checkArgument('reductions', 'extent', extentsKind, extent);
  return shapeAndAxis(extent).chain(({ shape, axis }) =>
    fc
      .tuple(fc.constantFrom('all', 'one', 'several'), fc.subarray(shape.map((_, i) => i)), fc.boolean())
      .map(([which, axes, keepDims]) => ({
        shape,
        options: { ...(which !== 'all' && { axis: which === 'one' ? axis : axes }), keepDims },
      })),
  );
}

/** `count` shapes that broadcast together: extents set to 1, leading axes left out, one of them whole. */
export function broadcastShapesOf(extent: Extents, count = 2): Arbitrary<Shape[]> {
  if (arguments.length > 2) refuseExtra('broadcastShapesOf', arguments, 2);
  checkArgument('broadcastShapesOf', 'extent', extentsKind, extent);
  checkArgument('broadcastShapesOf', 'count', whole({ low: 1, high: 64 }), count);
  return shapesOf(extent).chain((shape) => {
    const narrowed = fc
      .tuple(fc.nat(7), fc.nat(shape.length))
      .map(([ones, dropped]) => shape.map((whole, axis) => ((ones >> axis) & 1 ? 1 : whole)).slice(dropped));
    return fc
      .tuple(fc.array(narrowed, { minLength: count - 1, maxLength: count - 1 }), fc.nat(count - 1))
      .map(([others, at]) => others.toSpliced(at, 0, shape));
  });
}
