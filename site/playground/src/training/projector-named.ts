import { OptionError, type Projection, type Projector, projectors } from 'floragrad';

const { gaussian, rademacher, haar, haarUnscaled, srht, coordinates, svd, topCoordinates, shrunkGaussian } = projectors;

/** Those of the library that can be made from a name alone, with their usual options. */
const named: Readonly<Record<string, Projector<Projection>>> = {
  gaussian,
  rademacher,
  sparse: projectors.sparse(),
  countSketch: projectors.countSketch(),
  srht,
  haar,
  haarUnscaled,
  coordinates,
  shrunkGaussian,
  svd,
  topCoordinates,
};

/** What `TrackSetting.projector` may say. */
export const projectorNames: readonly string[] = Object.keys(named);

/** @throws OptionError `options/choice` */
export function projectorNamed(name: string): Projector {
  const found = Object.hasOwn(named, name) ? named[name] : undefined;
  if (found) return found;
  throw new OptionError({
    code: 'options/choice',
    got: `a track got the projector '${name}'`,
    expected: `one of ${projectorNames.join(', ')}`,
    fix: 'choose one of these',
  });
}
