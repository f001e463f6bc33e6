import { asTensor } from '../../tensor/op';
import { currentScope, runInScope, type Scope } from '../../tensor/scope';
import { recordOn, Tape } from '../../tensor/tape';
import type { Tensor } from '../../tensor/tensor';
import { tolerance } from '../close';
import type { Law } from '../law';
import { claim } from '../violation';
import type { CaseLaw, OpCase } from './case';
import {
  directionFor,
  gradientAt,
  largest,
  pointOf,
  secondAt,
  tensorsOf,
  termsOf,
  valueAt,
  variablesOf,
  weightsFor,
} from './point';

/**
 * A fused op equals its composed definition (D2). In value: the definition is run as a tape knows it, on what the op
 * got. In the first derivative: under an outer derivative the engine runs the definition, otherwise the kernel. In the
 * second, which only the definition has: it equals differences of the kernel's gradient, a law of `derivatives.ts`. For
 * an op that is not fused both sides are the same, and the first two laws say little.
 */
export function fusedLaws(over: CaseLaw): Law[] {
  return [
    over('a fused op equals its composed definition', composedEqualsKernel, 15),
    over('the gradient is the same under an outer derivative', gradientUnderOuter, 15),
  ];
}

async function composedEqualsKernel(given: OpCase, seed: number): Promise<void> {
  for (const [kernel, composed] of bothForms(given, seed)) {
    const [actual, expected] = [(await kernel.data()) as Float32Array, (await composed.data()) as Float32Array];
    claimNear('the kernel', actual, 'its composed definition', expected, termsOf(given, actual.length));
  }
}

/** What each fused op inside has computed, and what its composed definition makes of the same inputs. */
function bothForms(given: OpCase, seed: number): (readonly [Tensor, Tensor])[] {
  return runInScope('composed', () => {
    const tape = new Tape(currentScope() as Scope, 0);
    const xs = tensorsOf(given, pointOf(given, seed));
    const watched = variablesOf(given).map((i) => (xs[i] as Tensor).value);
    try {
      for (const value of watched) tape.watch(value);
      recordOn(tape, () => given.of(...xs));
      return tape.nodes.flatMap(({ step: { recompute, inputs, output } }) =>
        recompute ? [[asTensor(output), recompute(inputs.map(asTensor))] as const] : [],
      );
    } finally {
      tape.close(watched);
    }
  });
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
