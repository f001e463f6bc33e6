import fc from 'fast-check';
import type { Operand } from '../../backend/contract';
import { sizeOf } from '../../base/shape';
import { numbers, seeds, shapes } from '../arbitraries';
import { type Law, randomLaw } from '../law';
import type { Trial } from './trial';

/** The passes of optimizers. */
export function updateLaws({ agree }: Trial): Law[] {
  const matrices = fc.tuple(fc.constantFrom(0, 1, 2, 5, 63, 64, 65, 130), fc.constantFrom(0, 1, 3, 4, 7, 8, 33, 1030));
  const squares = (seed: number, size: number): Float32Array => numbers(seed, size).map((x) => x * x);
  return [
    randomLaw('updates: adam', fc.tuple(seeds, shapes), ([seed, shape]) =>
      agree((b, put) => {
        const [g, mean] = [0, 1].map((i) => put(numbers(seed + i, sizeOf(shape)), shape)) as [Operand, Operand];
        const square = put(squares(seed + 2, sizeOf(shape)), shape);
        return b.adam(g, mean, square, { beta1: 0.9, beta2: 0.99, correction1: 3, correction2: 20, epsilon: 0.1 });
      }),
    ),
    randomLaw('updates: rms', fc.tuple(seeds, shapes), ([seed, shape]) =>
      agree((b, put) => {
        const g = put(numbers(seed, sizeOf(shape)), shape);
        return b.rms(g, put(squares(seed + 1, sizeOf(shape)), shape), 0.9, 0.1);
      }),
    ),
    randomLaw('updates: lion', fc.tuple(seeds, shapes), ([seed, shape]) =>
      agree((b, put) => {
        const coarse = (seed: number) => numbers(seed, sizeOf(shape)).map((x) => Math.round(256 * x) / 256);
        const [g, mean] = [put(coarse(seed), shape), put(coarse(seed + 1), shape)]; // the sign is that of an exact sum
        return b.lion(g, mean, 0.75, 0.9);
      }),
    ),
    randomLaw('updates: sums of squares of rows and columns', fc.tuple(seeds, matrices), ([seed, [n, m]]) =>
      agree((b, put) => b.squareSums(put(numbers(seed, n * m), [n, m])), Math.max(n, m)),
    ),
    randomLaw('updates: rows and columns scaled', fc.tuple(seeds, matrices), ([seed, [n, m]]) =>
      agree((b, put) =>
        b.scaleRowsColumns(put(numbers(seed, n * m), [n, m]), put(numbers(seed + 1, n)), put(numbers(seed + 2, m))),
      ),
    ),
  ];
}
