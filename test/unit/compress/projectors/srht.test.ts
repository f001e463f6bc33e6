import { describe, expect, it } from 'vitest';
import { eye, projectors, random } from '../../../../src/index';

const { srht } = projectors;

/** √r·A, all ±1. Shape [rank, d]. */
function signsOf(seed: number, d: number, rank: number): number[][] {
  const a = srht.down(srht.sample(random.key(seed), [d, d + 1], rank), eye(d)).dataSync();
  return Array.from({ length: rank }, (_, i) =>
    Array.from(a.subarray(i * d, (i + 1) * d), (x) => Math.round(x * Math.sqrt(rank))),
  );
}

describe('the subsampled Hadamard transform', () => {
  it('of all d rows is lossless where d is a power of two: rows are drawn without replacement', () => {
    for (let seed = 0; seed < 20; seed++) {
      const p = srht.sample(random.key(seed), [8, 9], 8);
      const lifted = srht.up(p, srht.down(p, eye(8))).dataSync();
      for (const [i, x] of lifted.entries()) expect(x).toBeCloseTo(Number(i % 9 === 0), 6);
    }
  });

  it('signs its columns at random: a single row is far more than one of d', () => {
    const seen = new Set(Array.from({ length: 200 }, (_, seed) => signsOf(seed, 8, 1).join()));
    expect(seen.size).toBeGreaterThan(100); // of 2⁸ about 139
  });

  it('draws any two of its rows', () => {
    // A product of two rows of H is the row whose number is the exclusive or of theirs; the random signs cancel.
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const [a, b] = signsOf(seed, 8, 2) as [number[], number[]];
      seen.add(a.map((x, j) => x * (b[j] as number)).join());
    }
    expect(seen.size).toBe(7);
  });
});
