import { checkArgument, choice, refuseExtra } from '../base/options';
import type { Shape } from '../base/shape';
import { type Projection, type Projector, projectorKind, smallerSide } from './projector';
import { checkOneSided, fixedSide } from './projectors/fixed-side';

/** Which dimension a method compresses: `std` the smaller one, `reverse` the larger one, or the same one always. */
export type CompressedSide = 'std' | 'reverse' | 'left' | 'right';

export const compressedSideKind = choice('std', 'reverse', 'left', 'right');

/**
 * A projector on the side that GaLore's `proj_type` of this name compresses.
 * @throws OptionError `projector/both-sides` for another side than `std` of a projector that compresses both
 */
export function onSide<P extends Projection>(projector: Projector<P>, side: CompressedSide): Projector<P> {
  if (arguments.length > 2) refuseExtra('onSide', arguments, 2);
  checkArgument('onSide', 'projector', projectorKind, projector);
  checkArgument('onSide', 'side', compressedSideKind, side);
  if (side === 'std') return projector;
  checkOneSided('onSide', projector);
  if (side !== 'reverse') return fixedSide(projector, side);
  const reversed: Projector<P> = {
    ...projector,
    side: largerSide,
    sample: (key, shape, rank, refresh) => projector.sample.call(reversed, key, shape, rank, refresh),
  };
  return reversed;
}

/** A square is compressed on the left here, since `std` compresses it on the right. */
function largerSide(shape: Shape): 'left' | 'right' {
  return smallerSide(shape) === 'left' ? 'right' : 'left';
}
