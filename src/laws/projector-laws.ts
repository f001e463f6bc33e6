import fc from 'fast-check';
import type { Projection, Projector } from '../compress/projector';
import { usualCases } from '../study/check-projector';
import type { ProjectorCase } from '../study/projector-case';
import { type Certainty, expectations } from '../study/projector-expectations';
import { identities } from '../study/projector-identities';
import { Report, type Verdict } from '../study/report';
import type { Arbitrary } from './arbitrary';
import type { Law } from './law';

/** How many cases, how large, and how sure the statistical laws are. */
export interface ProjectorLawsOptions extends Partial<Certainty> {
  /** Cases for each law that holds exactly, three of them the usual ones (default 25). */
  readonly runs?: number;
  /** Cases for the laws about means, three of them the usual ones of `checkProjector` (default 6). */
  readonly statisticalRuns?: number;
  /** Largest extent of a gradient (default 16). */
  readonly largest?: number;
}

/** Shapes, a rank that fits and a seed for everything random; shrinks to small shapes and rank 1. */
export function projectorCases(largest = 16): Arbitrary<ProjectorCase> {
  const extent = fc.integer({ min: 1, max: largest });
  return fc
    .record({ n: extent, m: extent, rank: extent, seed: fc.nat(1e6) })
    .map(({ n, m, rank, seed }) => ({ shape: [n, m] as const, rank: 1 + ((rank - 1) % Math.min(n, m)), seed }));
}

/**
 * What every projector owes, on random shapes, ranks and seeds: the checks of `checkProjector`, as laws that fast-check
 * shrinks. `falseAlarm` (default 1e-9) is for a whole run of the statistical law; `effect` is 0.25 by default.
 * @example
 * for (const { holds } of projectorLaws(projectors.haar, { runs: 2, statisticalRuns: 1 })) {
 *   await holds(); // or, in a test runner, it(name, holds)
 * }
 */
export function projectorLaws<P extends Projection>(
  projector: Projector<P>,
  options: ProjectorLawsOptions = {},
): Law[] {
  const { runs = 25, statisticalRuns = 6, largest = 16, falseAlarm = 1e-9, power = 0.999, effect = 0.25 } = options;
  const law = (name: string, numRuns: number, check: (given: ProjectorCase) => Promise<readonly Verdict[]>): Law => ({
    name,
    holds: () =>
      fc.assert(
        fc.asyncProperty(projectorCases(largest), async (given) => {
          new Report(`projector ${projector.name}`, await check(given)).assert();
        }),
        { numRuns, examples },
      ),
  });
  // Random shapes can be too small to tell: these cannot.
  const examples = usualCases.map((given): [ProjectorCase] => [{ ...given, seed: 0 }]);
  const certainty = { falseAlarm: falseAlarm / statisticalRuns, power, effect };
  return [
    ...identities.map(({ name, check }) => law(name, runs, async (given) => [await check(projector, given)])),
    law('mean, mean squared error and transferred mean are those of the theory', statisticalRuns, (given) =>
      expectations(projector, given, certainty),
    ),
  ];
}
