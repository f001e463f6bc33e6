import fc from 'fast-check';
import { sizeOf } from '../../base/shape';
import { depths, extents, numbers, positiveExtents, seeds, wholes } from '../arbitraries';
import { expectSame } from '../close';
import { type Law, law, randomLaw } from '../law';
import { claim } from '../violation';
import type { Program, Trial } from './trial';

/** Sums and extremes over one axis. */
export function reductionLaws({ agree, results }: Trial): Law[] {
  const axes = fc.tuple(fc.constantFrom(0, 1, 2, 5), depths, fc.constantFrom(0, 1, 2, 3, 4, 7, 16, 21, 33));
  const rowsAndK = fc.tuple(fc.constantFrom(0, 1, 3), extents, fc.double({ min: 0, max: 1, noNaN: true }), seeds);
  return [
    randomLaw('reductions: sum, sum of squares, max and min', fc.tuple(axes, seeds), ([axes, seed]) => {
      const [outer, length, inner] = axes;
      return agree((b, put) => {
        const x = put(numbers(seed, outer * length * inner), axes);
        return (['sum', 'sumSquares', 'max', 'min'] as const).map((op) => b.reduce(op, x, axes));
      }, length);
    }),
    randomLaw(
      'reductions: argmax takes the first of equals',
      fc.tuple(axes, seeds),
      ([[outer, length, inner], seed]) => {
        const axes = [outer, Math.max(1, length), inner] as const;
        return agree((b, put) => b.argmax(put(Float32Array.from(wholes(seed, sizeOf(axes), 9)), axes), axes));
      },
    ),
    randomLaw('reductions: cumsum, forwards and backwards', fc.tuple(axes, seeds), ([axes, seed]) =>
      agree((b, put) => {
        const x = put(numbers(seed, sizeOf(axes)), axes);
        return [b.cumsum(x, axes, false), b.cumsum(x, axes, true)];
      }),
    ),
    randomLaw('reductions: topK: ties, infinities and NaN in their order', rowsAndK, ([rows, n, fraction, seed]) =>
      agree((b, put) => {
        const marks = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
        const values = Float32Array.from(wholes(seed, rows * n, 12), (x) => marks[x] ?? x - 7);
        return b.topK(put(values, [rows, n]), Math.round(fraction * n));
      }),
    ),
    randomLaw('reductions: NaN wins', fc.tuple(positiveExtents, positiveExtents, seeds), ([length, inner, seed]) =>
      agree((b, put) => {
        const values = numbers(seed, length * inner);
        values[seed % values.length] = Number.NaN;
        const x = put(values, [length, inner]);
        const axes = [1, length, inner] as const;
        return [
          ...(['sum', 'sumSquares', 'max', 'min'] as const).map((op) => b.reduce(op, x, axes)),
          b.argmax(x, axes),
        ];
      }, length),
    ),
    law('reductions: a million ones sum exactly, along rows and columns', async () => {
      const [row, column] = await results(millionOf(1));
      expectSame(row as Float32Array, Float32Array.of(1e6));
      expectSame(column as Float32Array, new Float32Array(4).fill(250000));
    }),
    law('reductions: errors of long sums grow slowly: a million tenths, to 2e-6 relative', async () => {
      const sums = await results(millionOf(0.1));
      const exact = 1e6 * Math.fround(0.1);
      const [row, column] = sums.map((values) => values[0]) as [number, number];
      claim(Math.abs(row - exact) / exact < 2e-6, `the sum of one row is ${row}; expected ${exact}`);
      claim(
        Math.abs(column * 4 - exact) / exact < 2e-5,
        `the sum of one of 4 columns is ${column}; expected ${exact / 4}`,
      );
    }),
  ];
}

/** A million times the same number, summed as one row and as four columns. */
function millionOf(x: number): Program {
  return (b, put) => {
    const values = put(new Float32Array(1e6).fill(x));
    return [b.reduce('sum', values, [1, 1e6, 1]), b.reduce('sum', values, [1, 250000, 4])];
  };
}
