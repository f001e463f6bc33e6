/**
 * Random values of one type: `Arbitrary` of fast-check, with the members that its types have. It is written out here
 * because fast-check is an optional peer: without it, an import of its types would be an error in a user's project.
 * Either type can be passed where the other is expected; a test compiles both directions.
 */
export interface Arbitrary<T> {
  /** What fast-check calls to make a value. */
  // biome-ignore lint/suspicious/noExplicitAny: types of fast-check, which may be absent
  generate(random: any, bias: number | undefined): any;
  /** Whether `shrink` works without a context. */
  canShrinkWithoutContext(value: unknown): value is T;
  /** Smaller values that may fail too. */
  // biome-ignore lint/suspicious/noExplicitAny: types of fast-check, which may be absent
  shrink(value: T, context: unknown): any;
  /** Only values that pass a test. */
  filter<U extends T>(refinement: (value: T) => value is U): Arbitrary<U>;
  /** Only values that pass a test. */
  filter(predicate: (value: T) => boolean): Arbitrary<T>;
  /** Every value turned into another one. */
  map<U>(mapper: (value: T) => U, unmapper?: (value: unknown) => T): Arbitrary<U>;
  /** A second draw that depends on the first. */
  chain<U>(chainer: (value: T) => Arbitrary<U>): Arbitrary<U>;
}

/** The name of the method by which fast-check prints a value: `toStringMethod` of fast-check. */
export const toStringMethod: unique symbol = Symbol.for('fast-check/toStringMethod') as never;
