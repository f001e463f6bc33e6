import fc from 'fast-check';
import type { Case, Verdict } from './checks';

/** A gradient's shape, a rank that fits it and a seed for everything random; shrinks to small shapes and rank 1. */
function cases(largest: number): fc.Arbitrary<Case> {
  const extent = fc.integer({ min: 1, max: largest });
  return fc
    .record({ n: extent, m: extent, rank: extent, seed: fc.nat(1e6) })
    .map(({ n, m, rank, seed }) => ({ shape: [n, m] as const, rank: Math.min(rank, n, m), seed }));
}

/** A property that holds for random cases; a failure prints fast-check's seed and path and the shrunk case. */
export async function expectForCases(
  { runs, largest = 20 }: { runs: number; largest?: number },
  check: (given: Case) => Verdict | Promise<Verdict>,
): Promise<void> {
  const property = fc.asyncProperty(cases(largest), async (given) => {
    const { passed, message } = await check(given);
    if (!passed) throw new Error(message);
  });
  await fc.assert(property, { numRuns: runs });
}
