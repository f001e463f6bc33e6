import { expect, it } from 'vitest';
import { concat, linalg, MultiHeadAttention, matmul, random, type Tensor, tensor, zeros } from '../../../src/index';
import { headRank } from '../../../src/study';

const key = random.key(0);

/** A layer whose queries and keys have these rows, [H·d, D] each. */
function layerOf(heads: number, headWidth: number, q: Tensor, k: Tensor): MultiHeadAttention {
  const layer = new MultiHeadAttention(q.shape[1] as number, heads, { headWidth, key });
  layer.qkv.weight = concat([q, k, zeros(q.shape)]);
  return layer;
}

it('counts the directions that a head compares, by hand', async () => {
  const q = tensor([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 2],
    [0, 0, 2],
  ]);
  const k = tensor([
    [3, 0, 0],
    [0, 4, 0],
    [0, 5, 0],
    [0, 5, 0],
  ]);
  const rows = await headRank(layerOf(2, 2, q, k));
  expect(rows.map(({ head, numericalRank }) => [head, numericalRank])).toEqual([
    [0, 2],
    [1, 1],
  ]);
  expect(rows[0]?.stableRank).toBeCloseTo(25 / 16, 5); // singular values 4 and 3
  expect(rows[1]?.stableRank).toBeCloseTo(1, 5);
});

it.each([
  [2, 2],
  [1, 8],
  [3, 3],
])('is what the whole form says, bounded by the width: %i heads of %i', async (heads, d) => {
  const layer = new MultiHeadAttention(6, heads, { headWidth: d, key });
  const rows = await headRank(layer);
  for (const { head, stableRank, numericalRank } of rows) {
    const of = (part: number): Tensor => layer.qkv.weight.slice([part * d], [(part + 1) * d]);
    const { s } = linalg.svd(matmul(of(head), of(heads + head), { transposeA: true })); // of [6, 6]
    const values = [...s.dataSync()];
    expect(stableRank).toBeCloseTo(values.reduce((sum, x) => sum + x * x, 0) / (values[0] as number) ** 2, 4);
    expect(numericalRank).toBe(Math.min(d, 6));
  }
});

it('is 0 of zeros, and refuses what is no such layer', async () => {
  expect(await headRank(layerOf(1, 2, zeros([2, 3]), zeros([2, 3])))).toEqual([
    { head: 0, stableRank: 0, numericalRank: 0 },
  ]);
  await expect(headRank({} as never)).rejects.toThrow(/options\/type.*MultiHeadAttention/);
});
