import { expect } from 'vitest';
import {
  type Embedding,
  type Key,
  type Linear,
  LowRankAdapter,
  type Params,
  random,
  type Tensor,
} from '../../../src/index';
import { singularValues } from '../../support/singular-values';

export const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());

export const open = (params: Params): Record<string, number[]> =>
  Object.fromEntries(Object.entries(params).map(([path, t]) => [path, numbers(t)]));

/** Give a tensor of a model random values, as if it had been trained. */
export function scatter(model: { parameters(): Params; load(params: Params): void }, key: Key, match: RegExp): void {
  const values = Object.entries(model.parameters()).map(([path, t]): [string, Tensor] => [
    path,
    match.test(path) ? random.normal(random.fold(key, path), t.shape).mul(0.3) : t,
  ]);
  model.load(Object.fromEntries(values));
}

/** Every element within `units` units in the last place of the largest element of both. */
export function expectNear(actual: readonly number[], expected: readonly number[], units: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...actual.map(Math.abs), ...expected.map(Math.abs));
  const allowed = units * 2 ** -23 * largest;
  const worst = Math.max(...actual.map((x, i) => Math.abs(x - (expected[i] as number))));
  expect(worst).toBeLessThanOrEqual(allowed);
}

/** Singular values beyond rounding: those above a millionth of the largest. */
export function rankOf(values: readonly number[], shape: readonly [number, number]): number {
  const found = singularValues(values, shape);
  return found.filter((s) => s > 3e-6 * (found[0] as number)).length;
}

export const differences = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((x, i) => x - (b[i] as number));

/** Whether two factors begin alike but for their size, in the first row of both, as two draws from one key do. */
export function drawnAlike(a: readonly number[], b: readonly number[]): boolean {
  const [first, second] = [a, b].map((values) => values.slice(0, 8).map((x) => x / (values[0] as number)));
  // Independent ratios are as near as that with a chance of some 1e-4 each, and there are seven.
  return (first ?? []).every((x, i) => Math.abs(x - (second?.[i] as number)) < 1e-4 * Math.abs(x));
}

/** A product of row-major matrices in float64: [n, k]·[k, m]. */
export function times(a: readonly number[], b: readonly number[], k: number): number[] {
  const [n, m] = [a.length / k, b.length / k];
  return Array.from({ length: n * m }, (_, at) => {
    const [i, j] = [Math.floor(at / m), at % m];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += (a[i * k + l] as number) * (b[l * m + j] as number);
    return sum;
  });
}

export function transposed(a: readonly number[], columns: number): number[] {
  const rows = a.length / columns;
  return Array.from({ length: a.length }, (_, at) => a[(at % rows) * columns + Math.floor(at / rows)] as number);
}

/** The factors of a layer, with the types that they have. */
export function factorsOf(layer: Linear | Embedding | undefined): { A: Tensor; B: Tensor } {
  if (!(layer?.lora instanceof LowRankAdapter)) throw new Error('the layer has no adapter of low rank');
  return layer.lora;
}
