import fc from 'fast-check';
import { type OptionsOf, optional, readOptions, whole } from '../base/options';

/**
 * One thing that every implementation of a contract owes: of an op, a backend, a projector, a transform, an adapter. It is
 * stated once and tried on every implementation, those of other packages too. Independent of any test runner:
 * `for (const { name, holds } of backendLaws(create)) it(name, holds)`, or await them in plain Node. Laws of one list
 * share what they try, and count its memory: let them run one after the other.
 */
export interface Law {
  /** What is owed, as the title of a test. */
  readonly name: string;
  /** Rejects with an error that says what was wrong and, for random cases, the seed and path that replay it; else it holds. */
  holds(): Promise<void>;
}

const lawOptions = {
  /**
   * The most random cases of a law; by default each law has its own number, mostly between 10 and 40. For devices on which
   * a case takes long, such as a GPU that a CPU imitates.
   */
  runs: optional(whole({ low: 1 })),
};

/** How thorough a suite is. */
export interface LawOptions extends OptionsOf<typeof lawOptions> {}

/** A law about one case. */
export function law(name: string, holds: () => Promise<void> | void): Law {
  return { name, holds: async () => holds() };
}

/** A law whose number of cases can be lowered. */
interface RandomLaw extends Law {
  atMost(runs: number): Law;
}

/** A law about random cases; fast-check prints seed and path of a failure. */
export function randomLaw<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  holds: (drawn: T) => Promise<void> | void,
  options: fc.Parameters<[T]> = {},
): RandomLaw {
  const property = fc.asyncProperty(cases, async (drawn) => holds(drawn));
  const { numRuns = 40 } = options;
  const over = (runs: number): Law => ({
    name,
    holds: () => fc.assert(property, { ...options, numRuns: Math.min(numRuns, runs) }),
  });
  return { ...over(numRuns), atMost: (runs) => over(runs) };
}

/** The same laws, as thorough as `options` say. @throws OptionError `options/unknown`, `options/range` */
export function withOptions(where: string, options: LawOptions, laws: readonly Law[]): Law[] {
  const { runs } = readOptions(where, lawOptions, options);
  if (runs === undefined) return [...laws];
  return laws.map((given) => ('atMost' in given ? (given as RandomLaw).atMost(runs) : given));
}
