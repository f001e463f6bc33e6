import type { Backend } from '../../backend/contract';
import { backend } from '../../backend/current';
import { setBackend } from '../../tensor/set-backend';
import { tolerance } from '../close';
import { claim } from '../violation';
import { type OpCase, type OpLaw, opLaw } from './case';
import { formulasOnly } from './formulas-only';
import { directionFor, gradientAt, largest, pointOf, secondAt, termsOf, valueAt, weightsFor } from './point';

/**
 * A kernel computes what the formula of its op says. Where no tape watches, the engine runs kernels; the first law
 * compares them with the formulas on the same device. Under an outer derivative it runs the formula of a vjp, for which
 * the second law compares. Second derivatives come from those formulas alone: that they equal differences of the kernel's
 * gradient is a law of `derivatives.ts`. For a primitive both sides are the same.
 */
export const fusedLaws: readonly OpLaw[] = [
  opLaw('kernels agree with the formulas that they stand for', kernelsAgree, 15),
  opLaw('the gradient is the same under an outer derivative', gradientUnderOuter, 15),
];

async function kernelsAgree(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const all = async (): Promise<readonly Float32Array[]> => {
    const value = await valueAt(given, point);
    return [value, ...(await gradientAt(given, point, weightsFor(seed, value.length))).gradients];
  };
  const kernels = await all();
  const formulas = await onBackend(formulasOnly(backend()), all);
  const terms = termsOf(given, kernels[0]?.length ?? 0);
  for (const [i, actual] of kernels.entries()) {
    const what = i === 0 ? 'the value' : `the gradient ${i - 1}`;
    claimNear(what, actual, 'by its formula', formulas[i] as Float32Array, terms);
  }
}

/** What is computed while another backend is the current one. */
export async function onBackend<T>(other: Backend, compute: () => Promise<T>): Promise<T> {
  const home = backend();
  setBackend(other);
  try {
    return await compute();
  } finally {
    setBackend(home);
  }
}

async function gradientUnderOuter(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const { length } = await valueAt(given, point);
  const weights = weightsFor(seed, length);
  const { gradients } = await gradientAt(given, point, weights);
  const { first } = await secondAt(given, point, weights, directionFor(given, seed));
  const terms = termsOf(given, length);
  for (const [at, actual] of gradients.entries())
    claimNear('the gradient', actual, 'the one under an outer derivative', first.gradients[at] as Float32Array, terms);
}

/** Within the tolerance policy for numbers as large as the largest one, since small ones may be differences of those. */
export function claimNear(
  what: string,
  actual: Float32Array,
  other: string,
  expected: Float32Array,
  terms: number,
): void {
  claim(actual.length === expected.length, `${what} has ${actual.length} elements, ${other} ${expected.length}`);
  const allowed = tolerance(largest([actual, expected].map((list) => list.filter(Number.isFinite))), terms);
  for (const [i, a] of actual.entries()) {
    const e = expected[i] as number;
    claim(Object.is(a, e) || Math.abs(a - e) <= allowed, `${what} is ${a} at element ${i}, ${other} ${e} ± ${allowed}`);
  }
}
