import { ShapeError } from '../../base/errors';
import { checkArgument, number, refuseExtra } from '../../base/options';
import { type Shape, show } from '../../base/shape';
import { reshape } from '../../tensor/ops/movement/reshape';
import { checkedProjector } from '../checked-projector';
import {
  compressedDimension,
  compressedShape,
  matrixShape,
  type Projection,
  type Projector,
  projectorKind,
} from '../projector';
import type { GradientValues } from '../theory/theory';
import { fixedSide } from './fixed-side';

/** A projection of the gradient in another shape. */
export interface UnitProjection<P extends Projection = Projection> extends Projection {
  /** The projection of the reshaped gradient. */
  readonly unit: P;
}

export const unitsKind = number({ low: Number.MIN_VALUE });

/**
 * A projector on finer or coarser units than the rows and columns of the gradient: what is compressed on the right, a
 * tall gradient [n, m] for most projectors, is projected as [n·c, m/c], and what is compressed on the left as [n/c, m·c],
 * the same numbers in the same order. With c above 1 a projected vector is a part of a row; with c below 1 it is several
 * rows side by side. `c` = 1 is the projector itself.
 *
 * For a projector with a relative squared error of (d + 1)/r it becomes (d/c + 1)/r, at a state that is c times as large.
 * At an equal budget, r = F/c, that is (d + c)/F: finer units cost little, and A shrinks to r·d/c entries. The left side is
 * not the transpose of the right one for c ≠ 1: c rows that follow each other lie side by side in [n/c, m·c], so its
 * columns are strided pieces of columns of the gradient, while the right side cuts rows into pieces without gaps.
 * @throws ShapeError `projector/units` where n·c and m/c, on the left n/c and m·c, are not whole
 * @throws OptionError `projector/both-sides` for a projector that compresses both sides
 * @see "Memory-efficient LLM training by various-grained low-rank projection of gradients", arXiv 2505.01744.
 * @example
 * const halves = inUnits(projectors.gaussian, 2);
 * const p = halves.sample(random.key(0), [8, 6], 2);
 * console.log(halves.down(p, ones([8, 6])).shape.join(' × ')); // prints 16 × 2
 */
export function inUnits<P extends Projection>(projector: Projector<P>, c: number): Projector<UnitProjection<P>> {
  if (arguments.length > 2) refuseExtra('inUnits', arguments, 2);
  checkArgument('inUnits', 'projector', projectorKind, projector);
  checkArgument('inUnits', 'c', unitsKind, c);
  // The reshaped gradient may be wide where the gradient is tall: the side is that of the gradient.
  const sides = { left: fixedSide(projector, 'left'), right: fixedSide(projector, 'right') };
  const sideOf = (shape: Shape): 'left' | 'right' => (projector.side(shape) === 'left' ? 'left' : 'right');
  const of = (shape: Shape): Projector<P> => sides[sideOf(shape)];
  const reshaped = (shape: Shape): readonly [number, number] => unitShape(shape, sideOf(shape), c);
  const seen = (gradient: GradientValues): GradientValues => ({
    ...gradient,
    shape: reshaped(gradient.shape),
    side: sideOf(gradient.shape),
  });
  const { refresh } = projector;

  return checkedProjector<UnitProjection<P>>({
    name: `${projector.name} in units, c = ${c}`,
    ...(projector.fixed && { fixed: true as const }),
    side: () => 'both',
    sample(key, shape, rank, refresh) {
      const [n, m] = matrixShape('inUnits', shape);
      return { side: 'both', shape: [n, m], rank, unit: of(shape).sample(key, reshaped(shape), rank, refresh) };
    },
    ...(refresh && {
      refresh: (p, gradient, context) => ({
        ...p,
        unit: refresh.call(of(p.shape), p.unit, reshape(gradient, p.unit.shape), context),
      }),
    }),
    down: ({ unit, shape }, gradient) => of(shape).down(unit, reshape(gradient, unit.shape)),
    up: ({ unit, shape }, compressed) => reshape(of(shape).up(unit, compressed), shape),
    transfer: (compressed, from, to) => of(from.shape).transfer(compressed, from.unit, to.unit),
    compressedShape: ({ unit, shape }) => compressedShape(of(shape), unit),
    storedFloats: (shape, rank) => of(shape).storedFloats(reshaped(shape), rank),
    theory(d, rank, gradient) {
      if (!gradient) return projector.theory(d / c, rank);
      const given = seen(gradient);
      const { readingVariance, ...promises } = projector.theory(compressedDimension(given), rank, given);
      if (!readingVariance) return promises;
      return { ...promises, readingVariance: (g, w) => readingVariance(seen(g), w) };
    },
  });
}

/** The gradient's numbers in other units: c on the side that is not compressed, 1/c on the other. */
function unitShape(shape: Shape, side: 'left' | 'right', c: number): readonly [number, number] {
  const [n, m] = matrixShape('inUnits', shape);
  const unit = side === 'right' ? ([n * c, m / c] as const) : ([n / c, m * c] as const);
  if (unit.every((extent) => Number.isSafeInteger(extent) && extent > 0)) return unit;
  throw new ShapeError({
    code: 'projector/units',
    got: `inUnits got a gradient ${show([n, m])}, compressed on the ${side}, for c = ${c}: ${show(unit)}`,
    expected: side === 'right' ? 'n·c and m/c that are whole' : 'n/c and m·c that are whole',
    fix: 'pass a c that divides the compressed dimension, or leave this parameter dense with filter',
  });
}
