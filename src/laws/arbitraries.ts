import fc from 'fast-check';
import { fillRow } from '../base/distribution';
import type { Shape } from '../base/shape';

/** Whole numbers in [0, 2³¹): what values are made from, so that a counterexample prints a number and not an array. */
export const seeds = fc.nat();

/** Extents that meet the edges of kernels: nothing, one, primes, multiples of the vector and tile sizes and neighbours. */
export const extents = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 24, 31, 33, 48, 61, 97);
export const positiveExtents = extents.filter((extent) => extent > 0);
/** Lengths of sums: also longer than one block of any kernel. */
export const depths = fc.constantFrom(0, 1, 2, 3, 5, 8, 17, 64, 127, 256, 257, 1009, 1500);

export const shapes = fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 17), { maxLength: 4 });
export const positiveShapes = shapes.map((shape) => shape.map((extent) => Math.max(1, extent)));

/** A shape and `count` shapes that broadcast to it: axes set to 1, leading ones left out. */
export function broadcasts(count: number): fc.Arbitrary<{ shape: Shape; operands: Shape[] }> {
  return shapes.chain((shape) => {
    const operand = fc.record({ ones: fc.nat(15), dropped: fc.nat(shape.length) }).map(({ ones, dropped }) => {
      const narrowed = shape.map((extent, axis) => ((ones >> axis) & 1 ? 1 : extent));
      return narrowed.slice(narrowed.slice(0, dropped).every((extent) => extent === 1) ? dropped : 0);
    });
    const rest = fc.array(operand, { minLength: count - 1, maxLength: count - 1 });
    const order = fc.nat(count - 1);
    // One operand has the full shape, so that the broadcast shape is `shape`.
    return fc.tuple(rest, order).map(([others, at]) => ({ shape, operands: others.toSpliced(at, 0, shape) }));
  });
}

/** `size` numbers in [−2, 2) that depend on the seed alone. */
export function numbers(seed: number, size: number): Float32Array {
  const values = new Float32Array(size);
  fillRow('uniform', [seed, 1], 0, 0, values);
  return values.map((x) => 4 * x - 2);
}

/** `size` whole numbers in [0, below). */
export function wholes(seed: number, size: number, below: number): Int32Array {
  const values = new Float32Array(size);
  fillRow('uniform', [seed, 2], 0, 0, values);
  return Int32Array.from(values, (x) => Math.floor(x * below));
}

/** Numbers at the edges of float32: zeros, subnormals, where exp overflows, infinities, NaN. */
export const special = Float32Array.of(
  0,
  -0,
  1,
  -1,
  0.5,
  -2,
  3,
  1e-30,
  1e-40,
  -1e-40,
  88,
  -88,
  100,
  -100,
  1e4,
  -1e4,
  3e38,
  -3e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
);
