import { OptionError } from '../../base/errors';
import { checkArgument, choice, refuseExtra } from '../../base/options';
import { type Projection, type Projector, projectorKind } from '../projector';

/**
 * A projector that compresses the same side whatever the shape: `right` is the paper's form.
 * @throws OptionError `projector/both-sides`
 */
export function fixedSide<P extends Projection>(projector: Projector<P>, side: 'left' | 'right'): Projector<P> {
  if (arguments.length > 2) refuseExtra('fixedSide', arguments, 2);
  checkArgument('fixedSide', 'projector', projectorKind, projector);
  checkArgument('fixedSide', 'side', choice('left', 'right'), side);
  checkOneSided('fixedSide', projector);
  const fixed: Projector<P> = {
    ...projector,
    side: () => side,
    sample: (key, shape, rank, refresh) => ({ ...projector.sample.call(fixed, key, shape, rank, refresh), side }),
  };
  return fixed;
}

/** @throws OptionError `projector/both-sides` */
export function checkOneSided(where: string, { name, compressedShape }: Projector): void {
  if (!compressedShape) return;
  throw new OptionError({
    code: 'projector/both-sides',
    got: `${where} got the projector ${name}`,
    expected: 'one that compresses a single side',
    fix: 'use it as it is',
  });
}
