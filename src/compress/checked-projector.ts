import { ShapeError } from '../base/errors';
import { keyKind } from '../base/key';
import { checkArgument, kindOf, refuseExtra, whole } from '../base/options';
import { type Shape, sameShape, show } from '../base/shape';
import { checkTensor } from '../tensor/check';
import type { Tensor } from '../tensor/tensor';
import {
  compressedDimension,
  compressedShape,
  matrixShape,
  type Projection,
  type Projector,
  projectionKind,
  type RefreshContext,
  wrongRank,
} from './projector';
import type { Side } from './side';
import { gradientValuesKind } from './theory/theory';

const refreshKind = kindOf<RefreshContext>('an object { key, first, step, turn, inner, path }', (value) => {
  const { key, first } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return keyKind.fits(key) && typeof first === 'boolean';
});
const count = whole({ low: 1 });
const draws = whole(); // of a study's first draws some are below 0

/**
 * A projector whose methods check what they are given, in their own names, before they do anything. The cost of a check
 * does not grow with the gradient. `this` reaches the methods that ask it for the side, so that `fixedSide` can give
 * another answer.
 */
/* @__NO_SIDE_EFFECTS__ */
export function checkedProjector<P extends Projection>(definition: Projector<P>): Projector<P> {
  const { name } = definition;
  const checked: Projector<P> = {
    name,
    side(shape) {
      if (arguments.length > 1) refuseExtra(`${name}.side`, arguments, 1);
      matrixShape(`${name}.side`, shape);
      return definition.side(shape);
    },
    sample(key, shape, rank, refresh) {
      if (arguments.length > 4) refuseExtra(`${name}.sample`, arguments, 4);
      checkArgument(`${name}.sample`, 'key', keyKind, key);
      const matrix = matrixShape(`${name}.sample`, shape);
      const self = this ?? checked;
      const side = self.side(shape);
      const d = compressedDimension({ side, shape: matrix });
      if (!(Number.isSafeInteger(rank) && rank >= 1 && rank <= d))
        throw wrongRank(`${name}.sample`, side, matrix, rank, d);
      if (refresh !== undefined) checkArgument(`${name}.sample`, 'refresh', draws, refresh);
      return definition.sample.call(self, key, shape, rank, refresh);
    },
    down(projection, gradient) {
      if (arguments.length > 2) refuseExtra(`${name}.down`, arguments, 2);
      checkArgument(`${name}.down`, 'projection', projectionKind, projection);
      checkOperand(`${name}.down`, 'gradient', gradient, projection.shape, projection.side);
      return definition.down(projection, gradient);
    },
    up(projection, compressed) {
      if (arguments.length > 2) refuseExtra(`${name}.up`, arguments, 2);
      checkArgument(`${name}.up`, 'projection', projectionKind, projection);
      checkOperand(`${name}.up`, 'compressed', compressed, compressedShape(definition, projection), projection.side);
      return definition.up(projection, compressed);
    },
    transfer(compressed, from, to) {
      if (arguments.length > 3) refuseExtra(`${name}.transfer`, arguments, 3);
      checkArgument(`${name}.transfer`, 'from', projectionKind, from);
      checkArgument(`${name}.transfer`, 'to', projectionKind, to);
      checkOperand(`${name}.transfer`, 'compressed', compressed, compressedShape(definition, from), from.side);
      if (!sameShape(from.shape, to.shape)) throw otherShape(`${name}.transfer`, 'to for', to.shape, from.shape);
      return definition.transfer(compressed, from, to);
    },
    storedFloats(shape, rank) {
      if (arguments.length > 2) refuseExtra(`${name}.storedFloats`, arguments, 2);
      matrixShape(`${name}.storedFloats`, shape);
      checkArgument(`${name}.storedFloats`, 'rank', count, rank);
      return definition.storedFloats.call(this ?? checked, shape, rank);
    },
    theory(d, rank, gradient) {
      if (arguments.length > 3) refuseExtra(`${name}.theory`, arguments, 3);
      checkArgument(`${name}.theory`, 'd', count, d);
      checkArgument(`${name}.theory`, 'rank', count, rank);
      if (gradient !== undefined) checkArgument(`${name}.theory`, 'gradient', gradientValuesKind, gradient);
      return definition.theory(d, rank, gradient);
    },
  };
  return { ...checked, ...checkedExtras(definition) };
}

type Extra = 'fixed' | 'refresh' | 'compressedShape';

/** What only some projectors have. */
function checkedExtras<P extends Projection>(definition: Projector<P>): Pick<Projector<P>, Extra> {
  const { name, fixed, refresh, compressedShape: own } = definition;
  const extras: { -readonly [Name in Extra]?: Projector<P>[Name] } = {};
  if (fixed) extras.fixed = fixed;
  if (refresh) {
    extras.refresh = function (projection, gradient, context) {
      if (arguments.length > 3) refuseExtra(`${name}.refresh`, arguments, 3);
      checkArgument(`${name}.refresh`, 'projection', projectionKind, projection);
      checkOperand(`${name}.refresh`, 'gradient', gradient, projection.shape);
      checkArgument(`${name}.refresh`, 'context', refreshKind, context);
      return refresh.call(definition, projection, gradient, context);
    };
  }
  if (own) {
    extras.compressedShape = function (projection) {
      if (arguments.length > 1) refuseExtra(`${name}.compressedShape`, arguments, 1);
      checkArgument(`${name}.compressedShape`, 'projection', projectionKind, projection);
      return own.call(definition, projection);
    };
  }
  return extras;
}

/** The dimension that a single side leaves alone may have any extent: down of the identity is A itself. */
function checkOperand(where: string, name: string, x: Tensor, shape: Shape, side: Side = 'both'): void {
  checkTensor(where, x);
  const along = side === 'left' ? 0 : 1;
  const fits = side === 'both' ? sameShape(x.shape, shape) : x.ndim === 2 && x.shape[along] === shape[along];
  if (!fits) throw otherShape(where, name, x.shape, shape);
}

function otherShape(where: string, name: string, got: Shape, expected: Shape): ShapeError {
  return new ShapeError({
    code: 'projector/shape',
    got: `${where} got ${name} ${show(got)}`,
    expected: `${show(expected)}, for which the projection was drawn`,
    fix: 'draw a projection for the shape of this gradient: projector.sample(key, gradient.shape, rank)',
  });
}
