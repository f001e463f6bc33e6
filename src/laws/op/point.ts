import type { TypedArray } from '../../base/dtype';
import { type Shape, sizeOf } from '../../base/shape';
import { valueAndGrad } from '../../tensor/derivatives/grad';
import { tensor } from '../../tensor/ops/create';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { sum } from '../../tensor/ops/reductions/sum';
import type { Params, Tensor } from '../../tensor/tensor';
import { numbers } from '../arbitraries';
import type { OpCase } from './case';

/** Values for the inputs of a case. Derivatives are taken of Σ w ⊙ op(…), so that no symmetry hides a wrong vjp. */
export type Point = readonly TypedArray[];

/** One entry for each differentiable input, in order, with the shapes that the engine gave them. */
export interface Derivatives {
  readonly gradients: readonly Float32Array[];
  readonly shapes: readonly Shape[];
}

/** Inputs drawn from a seed. */
export function pointOf({ inputs }: OpCase, seed: number): Point {
  return inputs.map((input, i) => input.draw(seed + i));
}

/** For each input a direction in [−1, 1], multiples of ¼ so that a step along it is exact; 0 for constants. */
export function directionFor({ inputs }: OpCase, seed: number): Point {
  return inputs.map(({ shape, differentiable }, i) => {
    const values = quarters(seed + 50 + i, sizeOf(shape));
    return differentiable ? values : values.fill(0);
  });
}

/** One weight for each result of the op, none of them 0. */
export function weightsFor(seed: number, size: number): Float32Array {
  return quarters(seed + 100, size).map((w) => w || 0.75);
}

function quarters(seed: number, size: number): Float32Array {
  return numbers(seed, size).map((x) => Math.round(2 * x) / 4);
}

/** The positions of the inputs that a derivative is wanted of. */
export function variablesOf({ inputs }: OpCase): number[] {
  return inputs.flatMap(({ differentiable }, i) => (differentiable ? [i] : []));
}

export function tensorsOf({ inputs }: OpCase, point: Point): Tensor[] {
  return inputs.map(({ shape }, i) => tensor(point[i] as TypedArray, { shape }));
}

/** The inputs to differentiate with respect to. */
export function paramsOf(given: OpCase, xs: readonly Tensor[]): Params {
  return Object.fromEntries(variablesOf(given).map((i) => [String(i), xs[i] as Tensor]));
}

/** Σ w ⊙ op(xs) */
export function weighed(given: OpCase, xs: readonly Tensor[], weights: Float32Array): Tensor {
  const y = given.of(...xs);
  return sum(mul(y, tensor(weights, { shape: y.shape })));
}

/** The gradient, and its derivative along `direction`: the parts of a Hessian-vector product. Made in the open scope. */
export function secondOf(
  given: OpCase,
  xs: readonly Tensor[],
  weights: Float32Array,
  direction: Point,
): { first: Params; second: Params } {
  const params = paramsOf(given, xs);
  const { grads, aux } = valueAndGrad(() => {
    const first = valueAndGrad(() => weighed(given, xs, weights), params).grads;
    const slopes = Object.entries(first).map(([i, g]) =>
      sum(mul(g, tensor(direction[Number(i)] as TypedArray, { shape: g.shape }))),
    );
    return { loss: slopes.reduce((a, b) => add(a, b)), aux: first };
  }, params);
  return { first: aux as Params, second: grads };
}

export async function valueAt(given: OpCase, point: Point): Promise<Float32Array> {
  return (await given.of(...tensorsOf(given, point)).data()) as Float32Array;
}

export async function gradientAt(given: OpCase, point: Point, weights: Float32Array): Promise<Derivatives> {
  const xs = tensorsOf(given, point);
  return read(valueAndGrad(() => weighed(given, xs, weights), paramsOf(given, xs)).grads);
}

/** As `secondOf`; `first` is the gradient as an outer derivative sees it, for which vjps run their formulas. */
export async function secondAt(
  given: OpCase,
  point: Point,
  weights: Float32Array,
  direction: Point,
): Promise<{ first: Derivatives; second: Derivatives }> {
  const { first, second } = secondOf(given, tensorsOf(given, point), weights, direction);
  return { first: await read(first), second: await read(second) };
}

async function read(grads: Params): Promise<Derivatives> {
  const list = Object.values(grads);
  const gradients = (await Promise.all(list.map((g) => g.data()))) as Float32Array[];
  return { gradients, shapes: list.map((g) => g.shape) };
}

/** The largest magnitude among these numbers. */
export function largest(lists: readonly ArrayLike<number>[]): number {
  let most = 0;
  for (const list of lists) for (let i = 0; i < list.length; i++) most = Math.max(most, Math.abs(list[i] as number));
  return most;
}

/** No element of a result or a gradient is a sum of more terms than there are elements. */
export function termsOf({ inputs }: OpCase, results: number): number {
  return inputs.reduce((total, { shape }) => total + sizeOf(shape), results);
}
