import { expect, it } from 'vitest';
import { exactSvdUpTo } from '../../../../src/compress/projectors/svd';
import { linalg, projectors, random, setBackend, type Tensor, tensor, wasmBackend } from '../../../../src/index';
import { firstRefresh } from '../../../support/refresh';

// Above a size the singular vectors come from a random range.

const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const n = exactSvdUpTo + 14;
const rank = 8;

/** [n, n] with σ_i = 1/i, of which the best rank 8 holds Σ_{i≤8} 1/i² of Σ 1/i². */
function falling(): Tensor {
  const vectors = (seed: number) => linalg.qr(at(seed, [n, n])).q;
  return vectors(1)
    .mul(tensor(Array.from({ length: n }, (_, i) => 1 / (i + 1))))
    .matmul(vectors(2));
}

function refreshed(g: Tensor, seed: number, side: 'left' | 'right' = 'right') {
  const { svd } = projectors;
  const sample = { ...svd.sample(random.key(0), g.shape, rank), side };
  return svd.refresh?.(sample, g, firstRefresh(random.key(seed))) ?? sample;
}

it('a large gradient keeps nearly the energy that the exact vectors would, on either side, by the key of the refresh', () => {
  setBackend(wasmBackend());
  const g = falling();
  const squares = Array.from({ length: n }, (_, i) => (i + 1) ** -2);
  const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
  const most = sum(squares.slice(0, rank)) / sum(squares);
  for (const side of ['left', 'right'] as const) {
    const p = refreshed(g, 3, side);
    const compressed = numbers(projectors.svd.down(p, g));
    const kept = sum(compressed.map((x) => x * x)) / sum(squares);
    expect(kept).toBeLessThan(most + 1e-5);
    expect(kept).toBeGreaterThan(most * (1 - 1e-3));
    const gram = numbers(p.matrix.matmul(p.matrix, { transposeB: true }));
    gram.forEach((x, i) => {
      expect(x).toBeCloseTo(i % (rank + 1) === 0 ? 1 : 0, 5);
    });
  }
  expect(numbers(refreshed(g, 3).matrix)).toEqual(numbers(refreshed(g, 3).matrix));
  expect(numbers(refreshed(g, 4).matrix)).not.toEqual(numbers(refreshed(g, 3).matrix));
});

it('up to that size the vectors are exact, whatever the key', () => {
  const g = at(5, [40, 40]);
  expect(numbers(refreshed(g, 3).matrix)).toEqual(numbers(linalg.svd(g, { rank }).vt));
});
