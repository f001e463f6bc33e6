import type { Projector } from '../../compress/projector';
import { usualInstances } from '../../compress/projectors/projectors';

/** The projectors that need nothing but a rank, by the names they give themselves: of several with one name the first. */
const byName = new Map<string, Projector>();
for (const projector of Object.values(usualInstances()))
  if (!byName.has(projector.name)) byName.set(projector.name, projector);

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
