import { expect, it } from 'vitest';
import { leftOf, rightOf } from '../../../../src/compress/maps/two-sided';
import { eye, projectors, random, transpose } from '../../../../src/index';

it('the two sides of a square have matrices of their own', () => {
  const p = projectors.twoSidedProduct.sample(random.key(0), [5, 5], 3);
  const left = projectors.gaussian.down(leftOf(p), eye(5)); // A_L [3, 5]
  const right = transpose(projectors.gaussian.down(rightOf(p), eye(5))); // A_R [3, 5]
  const [a, b] = [left.dataSync(), right.dataSync()];
  expect(a).toHaveLength(b.length);
  for (const [i, x] of a.entries()) expect(Math.abs(x - (b[i] as number)), `element ${i}`).toBeGreaterThan(1e-6);
});
