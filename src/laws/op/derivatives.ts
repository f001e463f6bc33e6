import { sameShape, show } from '../../base/shape';
import { tolerance } from '../close';
import { difference, type Estimate, offsets, step } from '../differences';
import { claim } from '../violation';
import { type OpCase, type OpLaw, opLaw } from './case';
import {
  directionFor,
  gradientAt,
  largest,
  type Point,
  pointOf,
  secondAt,
  termsOf,
  valueAt,
  variablesOf,
  weightsFor,
} from './point';

/** First and second derivatives against finite differences, and what follows from a vjp being a linear map. */
export const derivativeLaws: readonly OpLaw[] = [
  opLaw('the vjp equals central differences in every coordinate', vjpEqualsDifferences, 20),
  opLaw('the second derivative equals central differences of the gradient', secondEqualsDifferences, 20),
  opLaw('the vjp is linear in the cotangent', vjpIsLinear, 10),
  opLaw('broadcast axes are summed back: gradients have the shapes of the inputs', gradientsHaveShapes, 20),
];

async function vjpEqualsDifferences(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const value = await valueAt(given, point);
  const [weights, terms] = [weightsFor(seed, value.length), termsOf(given, value.length)];
  const { gradients } = await gradientAt(given, point, weights);
  const rounding = tolerance(largest(gradients), terms);
  for (const [at, input] of variablesOf(given).entries()) {
    const estimates: Estimate[] = [];
    for (let i = 0; i < (point[input] as Float32Array).length; i++) {
      const unit = point.map((values, j) => values.map((_, n) => Number(j === input && n === i)));
      const values = await along(point, unit, (moved) => valueAt(given, moved));
      estimates.push(difference(values, weights, terms));
    }
    claimEstimated(`the gradient of input ${input}`, gradients[at] as Float32Array, estimates, rounding);
  }
}

async function secondEqualsDifferences(given: OpCase, seed: number): Promise<void> {
  const [point, direction] = [pointOf(given, seed), directionFor(given, seed)];
  const value = await valueAt(given, point);
  const [weights, terms] = [weightsFor(seed, value.length), termsOf(given, value.length)];
  const { second } = await secondAt(given, point, weights, direction);
  const moved = await along(point, direction, async (at) => (await gradientAt(given, at, weights)).gradients);
  const size = largest(moved.flat()); // the terms of a small gradient may be as large as the largest one
  for (const [at, input] of variablesOf(given).entries()) {
    const lists = moved.map((gradients) => gradients[at] as Float32Array);
    const estimates = Array.from(lists[0] as Float32Array, (_, i) =>
      difference(
        lists.map((list) => list.subarray(i, i + 1)),
        [1],
        terms,
        size,
      ),
    );
    const actual = second.gradients[at] as Float32Array;
    claimEstimated(`the second derivative of input ${input}`, actual, estimates, tolerance(largest([actual]), terms));
  }
}

/** vjp(2u − v/2) = 2·vjp(u) − vjp(v)/2, where the combination is exact in float32. */
async function vjpIsLinear(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const { length } = await valueAt(given, point);
  const [u, v] = [weightsFor(seed, length), weightsFor(seed + 1, length)];
  const of = async (w: Float32Array): Promise<readonly Float32Array[]> => (await gradientAt(given, point, w)).gradients;
  const [atU, atV] = [await of(u), await of(v)];
  const both = await of(u.map((x, i) => 2 * x - (v[i] as number) / 2));
  const allowed = tolerance(2 * largest([...atU, ...atV, ...both]), termsOf(given, length));
  for (const [at, gradient] of both.entries()) {
    for (const [i, actual] of gradient.entries()) {
      const expected = 2 * (atU[at]?.[i] as number) - (atV[at]?.[i] as number) / 2;
      claim(Math.abs(actual - expected) <= allowed, `vjp(2u − v/2) is ${actual}; expected ${expected} at element ${i}`);
    }
  }
}

async function gradientsHaveShapes(given: OpCase, seed: number): Promise<void> {
  const point = pointOf(given, seed);
  const { length } = await valueAt(given, point);
  const { shapes } = await gradientAt(given, point, weightsFor(seed, length));
  for (const [at, input] of variablesOf(given).entries()) {
    const [actual, expected] = [shapes[at] ?? [], given.inputs[input]?.shape ?? []];
    claim(sameShape(actual, expected), `the gradient of input ${input} is ${show(actual)}; expected ${show(expected)}`);
  }
}

/** What `f` says at each of the offsets from a point along a direction. */
async function along<T>(point: Point, direction: Point, f: (moved: Point) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const offset of offsets) {
    results.push(
      await f(point.map((values, j) => values.map((x, i) => x + offset * step * (direction[j]?.[i] as number)))),
    );
  }
  return results;
}

function claimEstimated(what: string, actual: Float32Array, estimates: readonly Estimate[], rounding: number): void {
  claim(actual.length === estimates.length, `${what} has ${actual.length} elements; expected ${estimates.length}`);
  for (const [i, { value, error }] of estimates.entries()) {
    const [a, allowed] = [actual[i] as number, error + rounding];
    claim(Math.abs(a - value) <= allowed, `${what} is ${a} at element ${i}; expected ${value} ± ${allowed}`);
  }
}
