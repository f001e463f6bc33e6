import fc from 'fast-check';

/**
 * One thing that every implementation of a contract owes. Independent of any test runner:
 * `for (const { name, holds } of backendLaws(create)) it(name, holds)`, or await them in plain Node. Laws of one list
 * share what they try, and count its memory: let them run one after the other.
 */
export interface Law {
  /** What is owed, as the title of a test. */
  readonly name: string;
  /** Rejects with an error that says what was wrong and, for random cases, the seed and path that replay it. */
  holds(): Promise<void>;
}

/** A law about one case. */
export function law(name: string, holds: () => Promise<void> | void): Law {
  return { name, holds: async () => holds() };
}

/** A law about random cases; fast-check prints seed and path of a failure. */
export function randomLaw<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  holds: (drawn: T) => Promise<void> | void,
  options: fc.Parameters<[T]> = {},
): Law {
  const property = fc.asyncProperty(cases, async (drawn) => holds(drawn));
  return { name, holds: () => fc.assert(property, { numRuns: 40, ...options }) };
}
