import { type GradientTransform, type Params, random, type Tensor, zeros } from '../../../src/index';
import { numbers } from './cases';

// What the tests of penalties of pairs share. Values in float64, row by row.

export const [outputs, rank, inputs] = [5, 2, 3];

/** A [2, 3] and B [5, 2] as one model of one layer has them. */
export const pairOf = (seed = 1): Params => ({
  'lora.A': random.normal(random.key(seed), [rank, inputs]),
  'lora.B': random.normal(random.key(seed + 100), [outputs, rank]),
});

export const zerosOf = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([path, t]) => [path, zeros(t.shape)]));

/** XᵀX of a row-major matrix of that many columns, or XXᵀ: the Gram matrix over the axis of extent `rank`. */
export function gram(values: readonly number[], axis: 'rows' | 'columns'): number[] {
  const length = values.length / rank;
  const at = (k: number, i: number): number => values[axis === 'rows' ? k * length + i : i * rank + k] as number;
  return Array.from({ length: rank * rank }, (_, kl) => {
    const [k, l] = [Math.floor(kl / rank), kl % rank];
    let sum = 0;
    for (let i = 0; i < length; i++) sum += at(k, i) * at(l, i);
    return sum;
  });
}

export const squares = (values: readonly number[]): number => values.reduce((sum, v) => sum + v * v, 0);

/** Central differences of a function of one factor; it is a polynomial of degree 4, so that two steps make them exact. */
export function slopes(f: (values: readonly number[]) => number, at: readonly number[]): number[] {
  const h = 2 ** -6;
  const difference = (i: number, by: number): number => {
    const moved = (sign: number): number[] => at.map((v, j) => (j === i ? v + sign * by : v));
    return (f(moved(1)) - f(moved(-1))) / (2 * by);
  };
  return at.map((_, i) => (4 * difference(i, h) - difference(i, 2 * h)) / 3);
}

/** What a transform without state adds to gradients of zeros. */
export function added(transform: GradientTransform<readonly []>, params: Params): { A: number[]; B: number[] } {
  const [grads] = transform.update(zerosOf(params), [], params);
  return { A: numbers(grads['lora.A'] as Tensor), B: numbers(grads['lora.B'] as Tensor) };
}
