import fc from 'fast-check';
import type { ProjectorCase } from '../../src/laws/projector/case';
import { projectorCases } from '../../src/laws/projector/laws';
import type { Verdict } from './checks';

/** A property that holds for random cases; a failure prints fast-check's seed and path and the shrunk case. */
export async function expectForCases(
  { runs, largest = 20 }: { runs: number; largest?: number },
  check: (given: ProjectorCase) => Verdict | Promise<Verdict>,
): Promise<void> {
  const property = fc.asyncProperty(projectorCases(largest), async (given) => {
    const { passed, message } = await check(given);
    if (!passed) throw new Error(message);
  });
  await fc.assert(property, { numRuns: runs });
}
