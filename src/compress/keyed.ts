import type { Key } from '../base/key';
import { checkedProjector } from './checked-projector';
import type { LinearMaps } from './maps/linear-maps';
import { type Projection, type Projector, project, smallerSide } from './projector';

/** A projection whose A is a function of its key: A is made where it is used, and nothing of it is kept between two uses. */
export interface KeyedProjection extends Projection {
  /** What everything random in A is drawn from. */
  readonly key: Key;
}

/** The parts in which projectors differ that draw A from a key and keep nothing else. */
export interface KeyedParts
  extends Pick<Projector<KeyedProjection>, 'theory' | 'compressedShape'>,
    Partial<Pick<Projector<KeyedProjection>, 'side'>> {
  /** down, up and transfer: a property, since a bundler keeps every projector whose definition has a spread. */
  readonly maps: LinearMaps<KeyedProjection>;
}

/**
 * A projector whose A is made from a key whenever it is used: nothing is stored. It compresses the smaller side unless
 * `side` says otherwise.
 * Projectors call it as `@__PURE__`, so that a bundler drops the ones that a page does not use: that a function has no side
 * effects is not known in other files of the package.
 */
/* @__NO_SIDE_EFFECTS__ */
export function keyed(name: string, { maps, ...parts }: KeyedParts): Projector<KeyedProjection> {
  return checkedProjector<KeyedProjection>({
    name,
    side: smallerSide,
    sample(key, shape, rank) {
      return { ...project(this.side(shape), shape, rank), key };
    },
    storedFloats: () => 0,
    ...maps,
    ...parts,
  });
}
