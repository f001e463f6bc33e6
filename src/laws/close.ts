import type { TypedArray } from '../base/dtype';
import { Violation } from './violation';

/** Distance of neighbouring float32 numbers at 1. */
const unit = 2 ** -23;

/**
 * The one tolerance policy. A float32 result may differ from the float64 one by 16 units in the last place of
 * max(1, |expected|), and by one more for each further term of a sum: long sums round more often. NaN equals NaN,
 * infinities must agree, −0 equals 0; int32 values must be equal.
 */
export function expectClose(actual: TypedArray, expected: TypedArray, terms = 1): void {
  compare(actual, expected, (e) => tolerance(Math.abs(e), terms));
}

/** What `expectClose` allows at numbers of this size. */
export function tolerance(size: number, terms = 1): number {
  return unit * (15 + terms) * Math.max(1, size);
}

/** Within `units` in the last place of the expected number itself, however small; for functions of one element. */
export function expectRelative(actual: TypedArray, expected: TypedArray, units: number): void {
  compare(actual, expected, (e) => unit * units * Math.abs(e) + 2 ** -149);
}

/** Number for number: NaN equals NaN, and −0 is not 0. */
export function expectSame(actual: TypedArray, expected: TypedArray): void {
  compare(actual, expected, () => -1, Object.is);
}

/** Bit for bit. */
export function expectSameBits(actual: TypedArray, expected: TypedArray): void {
  compare(bitsOf(actual), bitsOf(expected), () => -1);
}

/** Subnormal numbers and −0 as the 0 that a backend which `flushes` may make of them. */
export function flushed<T extends TypedArray>(values: T): T {
  return (values instanceof Float32Array ? values.map((x) => (Math.abs(x) < 2 ** -126 ? 0 : x)) : values) as T;
}

/** What a backend that `flushes` may read instead of these values: without subnormals, without the sign of zeros, or both. */
export const readings: readonly ((values: TypedArray) => TypedArray)[] = [
  (values) => values.map((x) => (Math.abs(x) < 2 ** -126 ? 0 * x : x)),
  (values) => values.map((x) => x + 0),
  flushed,
];

/** Picks for each element the right answer that is nearest to what came out, where several are right. */
export function nearest(actual: TypedArray, answers: readonly TypedArray[]): TypedArray {
  const distance = (a: number, e: number): number =>
    Object.is(a, e) ? -1 : Number.isFinite(a - e) ? Math.abs(a - e) : a === e ? 0 : Number.POSITIVE_INFINITY;
  return (answers[0] as TypedArray).map((first, i) => {
    let best = first;
    for (const answer of answers) {
      const [a, e] = [actual[i] as number, answer[i] as number];
      if (distance(a, e) < distance(a, best)) best = e;
    }
    return best;
  });
}

function bitsOf(values: TypedArray): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

function compare(
  actual: TypedArray,
  expected: TypedArray,
  allowed: (expected: number) => number,
  same = (a: number, e: number): boolean => a === e || (Number.isNaN(a) && Number.isNaN(e)),
): void {
  if (actual.constructor !== expected.constructor || actual.length !== expected.length) {
    throw new Violation(`got ${describe(actual)}; expected ${describe(expected)}`);
  }
  const exact = expected instanceof Int32Array;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    if (same(a, e) || (!exact && Number.isFinite(e) && Math.abs(a - e) <= allowed(e))) continue;
    throw new Violation(`element ${i} of ${expected.length} is ${a}; expected ${e} (${Math.abs(a - e)} away)`);
  }
}

function describe(values: TypedArray): string {
  return `${values.constructor.name} of ${values.length}`;
}
