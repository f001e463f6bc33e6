import fc from 'fast-check';
import { checkArgument, number, type OptionsOf, optional, readOptions, refuseExtra, whole } from '../../base/options';
import { type Projection, type Projector, projectorKind } from '../../compress/projector';
import type { Arbitrary } from '../arbitrary';
import { hold } from '../finding';
import { type Law, randomLaw } from '../law';
import type { ProjectorCase, ProjectorLaw } from './case';
import { usualCases } from './check';
import { exactLaws } from './exact';
import { meansLaw } from './means';

const chance = number({ low: Number.MIN_VALUE, high: 1 - Number.EPSILON });
const count = whole({ low: 1 });

const projectorLawsOptions = {
  /** Cases for each law that holds exactly, three of them the usual ones (default 25). */
  runs: optional(count, 25),
  /** Cases for the laws about means, three of them the usual ones of `checkProjector` (default 6). */
  statisticalRuns: optional(count, 6),
  /** Largest extent of a gradient (default 16). */
  largest: optional(count, 16),
  /** Chance that a right projector fails a whole run of the statistical law (default 1e-9). */
  falseAlarm: optional(chance, 1e-9),
  /** Chance that an error of `effect` is seen (default 0.999). */
  power: optional(chance, 0.999),
  /** Size of an error that must be seen, relative to the promise (default 0.25). */
  effect: optional(number({ low: Number.MIN_VALUE }), 0.25),
};

/** How many cases, how large, and how sure the statistical laws are. */
export interface ProjectorLawsOptions extends OptionsOf<typeof projectorLawsOptions> {}

/** Shapes, a rank that fits and a seed for everything random; shrinks to small shapes and rank 1. */
export function projectorCases(largest = 16): Arbitrary<ProjectorCase> {
  if (arguments.length > 1) refuseExtra('projectorCases', arguments, 1);
  checkArgument('projectorCases', 'largest', whole({ low: 1, high: 2 ** 31 - 1 }), largest);
  const extent = fc.integer({ min: 1, max: largest });
  return fc
    .record({ n: extent, m: extent, rank: extent, seed: fc.nat(1e6) })
    .map(({ n, m, rank, seed }) => ({ shape: [n, m] as const, rank: 1 + ((rank - 1) % Math.min(n, m)), seed }));
}

/**
 * What every projector owes, on random shapes, ranks and seeds: the laws of `checkProjector`, on cases that
 * fast-check shrinks. `falseAlarm` (default 1e-9) is for a whole run of the statistical law; `effect` is 0.25 by default.
 * @example
 * for (const { holds } of projectorLaws(projectors.haar, { runs: 2, statisticalRuns: 1 })) {
 *   await holds(); // or, in a test runner, it(name, holds)
 * }
 */
export function projectorLaws<P extends Projection>(
  projector: Projector<P>,
  options: ProjectorLawsOptions = {},
): Law[] {
  if (arguments.length > 2) refuseExtra('projectorLaws', arguments, 2);
  checkArgument('projectorLaws', 'projector', projectorKind, projector);
  const read = readOptions('projectorLaws', projectorLawsOptions, options, 'projector');
  const { runs, statisticalRuns, largest, falseAlarm, power, effect } = read;
  const over = (law: ProjectorLaw, numRuns: number): Law =>
    randomLaw(law.name, cases, (given) => hold(law, projector, given), { numRuns, examples });
  const cases = projectorCases(largest);
  // Random shapes can be too small to tell: these cannot.
  const examples = usualCases.map((given): [ProjectorCase] => [{ ...given, seed: 0 }]);
  const certainty = { falseAlarm: falseAlarm / statisticalRuns, power, effect };
  return [...exactLaws.map((law) => over(law, runs)), over(meansLaw(certainty), statisticalRuns)];
}
