import { referenceBackend } from '../../backend/reference/backend';
import { valueAndGrad } from '../../tensor/derivatives/grad';
import { memory } from '../../tensor/inspect/memory';
import { scope } from '../../tensor/scope';
import { expectSameBits } from '../close';
import { claim, claimEqual } from '../violation';
import { type OpCase, type OpLaw, opLaw } from './case';
import { claimNear, onBackend } from './fused';
import {
  directionFor,
  gradientAt,
  type Point,
  paramsOf,
  pointOf,
  secondAt,
  secondOf,
  tensorsOf,
  termsOf,
  valueAt,
  weighed,
  weightsFor,
} from './point';

/** What an op leaves as it found it, and that it does the same everywhere. */
export const bookkeepingLaws: readonly OpLaw[] = [
  opLaw('inputs are not written to', inputsStay, 10),
  opLaw('value and derivatives agree with the reference', agreesWithReference, 15),
  opLaw('what is made on the way is freed', temporariesAreFreed, 10),
];

/** Shapes without elements: nothing crashes, and all the other laws of this file hold. */
export const emptyLaws: readonly OpLaw[] = [
  opLaw(
    'shapes without elements are fine',
    async (given, seed) => {
      await agreesWithReference(given, seed);
      await temporariesAreFreed(given, seed);
    },
    25,
  ),
];

async function inputsStay(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const xs = tensorsOf(given, point);
  const weights = weightsFor(seed, given.of(...xs).size);
  secondOf(given, xs, weights, directionFor(given, seed));
  for (const [i, x] of xs.entries()) expectSameBits(await x.data(), point[i] as Float32Array);
}

async function agreesWithReference(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const { actual, expected } = await bothBackends(() => everythingAt(given, point, seed));
  claimAgreement(given, actual, expected);
}

/** The same without second derivatives, which overflow where first ones do not. */
export async function gradientAndValueAgree(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const { actual, expected } = await bothBackends(async (): Promise<Results> => {
    const value = await valueAt(given, point);
    const { gradients } = await gradientAt(given, point, weightsFor(seed, value.length));
    return { value, derivatives: { gradient: gradients } };
  });
  claimAgreement(given, actual, expected);
}

/** What is computed on the current backend and on the reference. */
async function bothBackends(compute: () => Promise<Results>): Promise<{ actual: Results; expected: Results }> {
  return { actual: await compute(), expected: await onBackend(referenceBackend(), compute) };
}

function claimAgreement(given: OpCase, actual: Results, expected: Results): void {
  const terms = termsOf(given, actual.value.length);
  for (const [what, lists] of Object.entries(actual.derivatives)) {
    for (const [i, values] of lists.entries())
      claimNear(`the ${what} ${i}`, values, 'on the reference', expected.derivatives[what]?.[i] as Float32Array, terms);
  }
  claimNear('the value', actual.value, 'on the reference', expected.value, terms);
}

interface Results {
  readonly value: Float32Array;
  readonly derivatives: Readonly<Record<string, readonly Float32Array[]>>;
}

async function everythingAt(given: OpCase, point: Point, seed: number): Promise<Results> {
  const value = await valueAt(given, point);
  const weights = weightsFor(seed, value.length);
  const { gradients } = await gradientAt(given, point, weights);
  const { second } = await secondAt(given, point, weights, directionFor(given, seed));
  return { value, derivatives: { gradient: gradients, 'second derivative': second.gradients } };
}

async function temporariesAreFreed(given: OpCase, seed: number): Promise<void> {
  const before = memory();
  const weights = weightsFor(seed, (await valueAt(given, pointOf(given, seed))).length);
  const surplus = scope(() => {
    const xs = tensorsOf(given, pointOf(given, seed));
    const params = paramsOf(given, xs);
    const outside = memory().tensors;
    const { grads } = valueAndGrad(() => weighed(given, xs, weights), params);
    const { first, second } = secondOf(given, xs, weights, directionFor(given, seed));
    const results = 2 + [grads, first, second].flatMap((list) => Object.values(list)).length;
    return memory().tensors - outside - results;
  });
  claim(surplus <= 0, `${surplus} tensors besides the results stay in the scope around a derivative`);
  const { tensors, bytes } = memory();
  claimEqual('memory() afterwards', { tensors, bytes }, { tensors: before.tensors, bytes: before.bytes });
}
