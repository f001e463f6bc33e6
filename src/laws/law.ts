/**
 * One thing that every implementation of a contract owes. Independent of any test runner:
 * `for (const { name, holds } of backendLaws(create)) it(name, holds)`, or await them in plain Node.
 */
export interface Law {
  /** What is owed, as the title of a test. */
  readonly name: string;
  /** Rejects with an error that says what was wrong and, for random cases, the seed and path that replay it. */
  holds(): Promise<void>;
}
