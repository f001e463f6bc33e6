import { describe, expect, it } from 'vitest';
import { fillRow } from '../../../../src/base/distribution';
import { fold, key } from '../../../../src/base/key';
import { orthonormalised, orthonormalRows } from '../../../../src/compress/maps/orthonormal-rows';
import { haar } from '../../../../src/compress/projectors/haar';
import { haarUnscaled } from '../../../../src/compress/projectors/haar-unscaled';
import { svd } from '../../../../src/compress/projectors/svd';
import { ones } from '../../../../src/index';

// One pass of Gram-Schmidt leaves some of these draws at an angle of 3e-13: a direction that nearly lies in the span of
// the others is mostly rounding after it. The second pass leaves 1e-15.
it('are orthonormal to the last digits, however near a draw is to the span of those before it', () => {
  const d = 32;
  let worst = 0;
  for (let draw = 0; draw < 60; draw++) {
    const q = orthonormalRows(fold(key(0), 'q', draw), d, d);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let l = 0; l < d; l++) product += (q[i * d + l] as number) * (q[j * d + l] as number);
        worst = Math.max(worst, Math.abs(product - Number(i === j)));
      }
    }
  }
  expect(worst).toBeLessThan(1e-14);
});

/** The largest entry of Q·Qᵀ − I. */
function offOrthonormal(q: Float64Array, rank: number, d: number): number {
  let worst = 0;
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let l = 0; l < d; l++) product += (q[i * d + l] as number) * (q[j * d + l] as number);
      worst = Math.max(worst, Math.abs(product - Number(i === j)));
    }
  }
  return worst;
}

describe('draws that have no direction', () => {
  const zero = fold(key(560002), 'trial', 87); // its first normal number is exactly 0

  it('of one number that is 0', () => {
    const drawn = new Float32Array(1);
    fillRow('normal', zero, 0, 0, drawn);
    expect(Math.abs(drawn[0] as number)).toBe(0);
    expect(Math.abs(orthonormalRows(zero, 1, 1)[0] as number)).toBe(1);
    for (const projector of [haar, haarUnscaled, svd]) {
      const projection = projector.sample(zero, [4, 1], 1);
      const [first] = projector.down(projection as never, ones([4, 1])).dataSync();
      expect(Math.abs(first as number)).toBe(1);
    }
  });

  it('of a pair of numbers that are 0', () => {
    const pair = fold(key(0), 'zero', 14589560);
    const drawn = new Float32Array(2);
    fillRow('normal', pair, 0, 0, drawn);
    expect(drawn.map(Math.abs)).toEqual(Float32Array.of(0, 0));
    expect(offOrthonormal(orthonormalRows(pair, 1, 2), 1, 2)).toBeLessThan(1e-15);
    expect(offOrthonormal(orthonormalRows(pair, 2, 2), 2, 2)).toBeLessThan(1e-15);
  });

  // Rows of zeros, rows that are multiples of others, and rows that only rounding keeps from it.
  const above = [0.3, -1.7, 0.9, 0.2];
  const other = [1.1, 0.4, -0.6, 2.3];
  const inSpan = above.map((x, l) => 1.3 * x - 0.7 * (other[l] as number));
  it.each<[string, readonly number[]]>([
    ['zeros', [0, 0, 0, 0]],
    ['the row above', above],
    ['a multiple of it', above.map((x) => -4 * x)],
    ['a sum of those above, in float32', inSpan],
  ])('of a row: %s', (_, third) => {
    const fresh = [-0.5, 0.8, 0.1, 1.9];
    const asked: number[][] = [];
    const q = orthonormalised(3, 4, (row, attempt, out) => {
      asked.push([row, attempt]);
      out.set(([above, other, attempt === 0 ? third : fresh] as const)[row] as readonly number[]);
    });
    const without = orthonormalised(3, 4, (row, _, out) => out.set([above, other, fresh][row] as number[]));
    expect(offOrthonormal(q, 3, 4)).toBeLessThan(1e-14);
    if (third !== inSpan) {
      expect(asked).toEqual([
        [0, 0],
        [1, 0],
        [2, 0],
        [2, 1],
      ]);
      expect(q).toEqual(without);
    }
  });

  it('are drawn again until there is one, from a stream of their own each time', () => {
    const draws = [[0], [0], [0], [-2]];
    expect(orthonormalised(1, 1, (_, attempt, out) => out.set(draws[attempt] as number[]))).toEqual(
      Float64Array.of(-1),
    );
  });
});
