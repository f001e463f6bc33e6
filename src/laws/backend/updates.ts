import fc from 'fast-check';
import type { Storage } from '../../backend/contract';
import { type Shape, sizeOf } from '../../base/shape';
import { numbers, seeds, shapes } from '../arbitraries';
import { type Law, randomLaw } from '../law';
import type { Trial } from './trial';

/** Steps of optimizers, over lists of leaves of several shapes. */
export function updateLaws({ agreeWith }: Trial): Law[] {
  const lists = fc.tuple(seeds, fc.array(shapes, { minLength: 1, maxLength: 3 }));
  const matrices = fc.tuple(fc.constantFrom(0, 1, 2, 5, 63, 64, 65, 130), fc.constantFrom(0, 1, 3, 4, 7, 8, 33, 1030));
  const matrixLists = fc.tuple(seeds, fc.array(matrices, { minLength: 1, maxLength: 2 }));
  const draw = (seed: number, shape: Shape): Float32Array => numbers(seed, sizeOf(shape));
  const squares = (seed: number, shape: Shape): Float32Array => draw(seed, shape).map((x) => x * x);
  /** The sign is that of an exact sum. */
  const coarse = (seed: number, shape: Shape): Float32Array => draw(seed, shape).map((x) => Math.round(256 * x) / 256);
  const longest = (list: readonly Shape[]): number => Math.max(...list.flat());
  return [
    randomLaw('updates: adam', lists, ([seed, list]) =>
      agreeWith(['adam'], (b, put) => {
        const leaves = list.map((shape, i) => ({
          g: put(draw(seed + 3 * i, shape), shape),
          mean: put(draw(seed + 3 * i + 1, shape), shape),
          square: put(squares(seed + 3 * i + 2, shape), shape),
        }));
        const factors = { beta1: 0.9, beta2: 0.99, correction1: 3, correction2: 20, epsilon: 0.1 };
        return b.adam(leaves, factors).flatMap(({ update, mean, square }) => [update, mean, square]);
      }),
    ),
    randomLaw('updates: rms', lists, ([seed, list]) =>
      agreeWith(['rms'], (b, put) => {
        const leaves = list.map((shape, i) => ({
          g: put(draw(seed + 2 * i, shape), shape),
          square: put(squares(seed + 2 * i + 1, shape), shape),
        }));
        return b.rms(leaves, 0.9, 0.1).flatMap(({ update, square }) => [update, square]);
      }),
    ),
    randomLaw('updates: lion', lists, ([seed, list]) =>
      agreeWith(['lion'], (b, put) => {
        const leaves = list.map((shape, i) => ({
          g: put(coarse(seed + 2 * i, shape), shape),
          mean: put(coarse(seed + 2 * i + 1, shape), shape),
        }));
        return b.lion(leaves, 0.75, 0.9).flatMap(({ update, mean }) => [update, mean]);
      }),
    ),
    randomLaw('updates: sums of squares of rows and columns', matrixLists, ([seed, list]) =>
      agreeWith(
        ['squareSums'],
        (b, put) => {
          const leaves = list.map((shape, i) => ({ g: put(draw(seed + i, shape), shape) }));
          return b.squareSums(leaves).flatMap(({ row, column }): Storage[] => [row, column]);
        },
        longest(list),
      ),
    ),
    randomLaw('updates: rows and columns scaled', matrixLists, ([seed, list]) =>
      agreeWith(['scaleRowsColumns'], (b, put) => {
        const leaves = list.map(([n, m], i) => ({
          g: put(draw(seed + 3 * i, [n, m]), [n, m]),
          row: put(numbers(seed + 3 * i + 1, n)),
          column: put(numbers(seed + 3 * i + 2, m)),
        }));
        return b.scaleRowsColumns(leaves).map(({ update }) => update);
      }),
    ),
  ];
}
