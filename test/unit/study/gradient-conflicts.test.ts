import { expect, it } from 'vitest';
import { projectors, random, tensor, zeros } from '../../../src/index';
import { gradientConflicts } from '../../../src/study';

const g = (w: number[], b: number) => ({ w: tensor([w]), b: tensor([b]) });

it('is the cosines of all leaves together, and the share of pairs that work against each other', async () => {
  const { products, cosines, negative } = await gradientConflicts([g([3, 0], 4), g([3, 0], -4), g([0, 5], 0)]);
  expect(products).toEqual([
    [25, -7, 0],
    [-7, 25, 0],
    [0, 0, 25],
  ]);
  expect(cosines).toEqual([
    [1, -7 / 25, 0],
    [-7 / 25, 1, 0],
    [0, 0, 1],
  ]);
  expect(negative).toBe(1 / 3);
});

it('has no conflict of one task, nor with a gradient of zeros', async () => {
  expect(await gradientConflicts([g([1, 2], 2)])).toEqual({ products: [[9]], cosines: [[1]], negative: 0 });
  const { cosines, negative } = await gradientConflicts([g([1, 2], 2), g([0, 0], 0)]);
  expect([cosines[0]?.[1], cosines[1]?.[1], negative]).toEqual([0, 0, 0]);
});

it('compresses matrices alone, by one projection that all tasks share', async () => {
  const of = (seed: number) => ({ w: random.normal(random.key(seed), [6, 5]), b: tensor([seed]) });
  const options = { projector: projectors.haar, rank: 5, seed: 4 };
  const plain = await gradientConflicts([of(1), of(2)]);
  const whole = await gradientConflicts([of(1), of(2)], options); // of full rank, haar's is a rotation
  whole.products.flat().forEach((x, i) => {
    expect(x).toBeCloseTo(plain.products.flat()[i] as number, 4);
  });
  const half = await gradientConflicts([of(1), of(2)], { ...options, rank: 2 });
  expect(half.products).not.toEqual(whole.products);
  const other = await gradientConflicts([of(1), of(2)], { ...options, rank: 2, seed: 5 });
  expect(other.products).not.toEqual(half.products);
  const small = await gradientConflicts([of(1), of(2)], { projector: projectors.haar }); // rank 8 has nothing to compress
  expect(small).toEqual(plain);
});

it('refuses gradients of other parameters', async () => {
  await expect(gradientConflicts([])).rejects.toThrow(/options\/type.*at least one/);
  await expect(gradientConflicts([g([1, 2], 3), { w: zeros([1, 2]) }])).rejects.toThrow(/conflicts\/leaves.*"b"/);
  await expect(gradientConflicts([{ w: zeros([1, 2]) }, { w: zeros([2]) }])).rejects.toThrow(
    /conflicts\/leaves.*\[1, 2\].*\[2\] of task 1/,
  );
});
