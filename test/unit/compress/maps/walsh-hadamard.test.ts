import { describe, expect, it } from 'vitest';
import { walshHadamard } from '../../../../src/compress/maps/walsh-hadamard';
import { eye } from '../../../../src/index';

/** The Hadamard matrix by its recursion: H of 2d = [[H, H], [H, −H]]. */
function hadamard(d: number): number[][] {
  if (d === 1) return [[1]];
  const half = hadamard(d / 2);
  return [...half.map((row) => [...row, ...row]), ...half.map((row) => [...row, ...row.map((x) => -x)])];
}

describe('the Walsh-Hadamard transform is the matrix', () => {
  // 1 to 3 passes of at most 32
  for (const d of [1, 2, 8, 32, 64, 512, 2048]) {
    it(`of d = ${d}`, () => {
      const columns = Math.min(d, 3);
      const x = eye(d).slice([0, d - columns], [d, d]);
      const expected = hadamard(d).map((row) => row.slice(-columns));
      expect(Array.from(walshHadamard(x).dataSync())).toEqual(expected.flat());
    });
  }
});
