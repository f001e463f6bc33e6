import type { Projector } from '../../compress/projector';
import { projectors } from '../../compress/projectors/projectors';

const { coordinatesByNorm, coordinatesWithReplacement, countSketch, sparse } = projectors;

/** The projectors that need nothing but a rank, by the names they give themselves; those with options have their usual ones. */
const list = [
  projectors.gaussian,
  projectors.rademacher,
  projectors.haar,
  projectors.coordinates,
  sparse(),
  countSketch(),
  countSketch({ nonzeros: 4 }),
  projectors.srht,
  projectors.haarUnscaled,
  coordinatesWithReplacement(),
  coordinatesByNorm({ of: 'norm' }),
  coordinatesByNorm({ of: 'squaredNorm' }),
  projectors.topCoordinates,
  projectors.svd,
  projectors.twoSidedAverage,
  projectors.twoSidedProduct,
  projectors.shrunkGaussian,
] as readonly Projector[];

const byName = new Map(list.map((projector) => [projector.name, projector]));

export const projectorNames: readonly string[] = [...byName.keys()];

/** What a study compares unless it is told otherwise: the unbiased projectors that Flora is usually run with. */
export const usualProjectors: readonly string[] = ['gaussian', 'rademacher', 'haar', 'coordinates'];

/** The names, a few a line. */
export const projectorHelp: string = projectorNames
  .join(', ')
  .replace(/(.{1,78})(?: |$)/g, '  $1\n')
  .trimEnd();

/** A projector of this list; the name was checked. */
export function projectorNamed(name: string): Projector {
  return byName.get(name) as Projector;
}
