import { describe, expect, it } from 'vitest';
import { addBlocks } from '../../../src/mpi/orders';
import { valuesOf } from '../../mpi/jobs';

const f = Math.fround;

describe('addBlocks', () => {
  it('adds five blocks as written out by hand', () => {
    const [a, b, c, d, e] = [1, 2 ** -24, 2 ** -24, 2 ** -25, 2 ** -25].map(f) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const blocks = () => Float32Array.of(a, b, c, d, e);
    expect(addBlocks(blocks(), 5, 'sequence')).toEqual(Float32Array.of(1)); // each is lost alone
    expect(addBlocks(blocks(), 5, 'tree')).toEqual(Float32Array.of(f(f(f(a + b) + f(c + d)) + e)));
    expect(f(f(f(a + b) + f(c + d)) + e)).toBeGreaterThan(1);
  });

  it.each([1, 2, 3, 4, 5, 7, 8])('of %i ranks is near the sum in float64', (size) => {
    const length = 17;
    const ranks = Array.from({ length: size }, (_, rank) => valuesOf(rank, length));
    for (const order of ['tree', 'sequence'] as const) {
      const all = new Float32Array(size * length);
      for (const [rank, values] of ranks.entries()) all.set(values, rank * length);
      const sums = addBlocks(all, size, order);
      for (let i = 0; i < length; i++) {
        const exact = ranks.reduce((sum, values) => sum + (values[i] as number), 0);
        const largest = ranks.reduce((sum, values) => sum + Math.abs(values[i] as number), 0);
        // Each of size − 1 additions rounds by at most 2⁻²⁴ of a partial sum.
        expect(Math.abs((sums[i] as number) - exact)).toBeLessThanOrEqual((size - 1) * 2 ** -24 * largest);
      }
    }
  });

  it('in a tree does not depend on how the leaves are shared: sums of subtrees are its own', () => {
    const all = () => Float32Array.from({ length: 8 }, (_, rank) => valuesOf(rank, 1)[0] as number);
    const quarters = Float32Array.from(
      { length: 4 },
      (_, i) => addBlocks(all().slice(2 * i, 2 * i + 2), 2, 'tree')[0] as number,
    );
    expect(addBlocks(quarters, 4, 'tree')).toEqual(addBlocks(all(), 8, 'tree').slice(0, 1));
  });
});
