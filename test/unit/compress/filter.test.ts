import { expect, it } from 'vitest';
import { matrixFilter, zeros } from '../../../src/index';

it('both bounds of a matrix filter are inside', () => {
  const filter = matrixFilter({ rank: 4, maxAspect: 2 });
  expect(filter('w', zeros([8, 4]))).toBe(true);
  expect(filter('w', zeros([3, 4]))).toBe('smaller dimension 3 below the rank 4');
  expect(filter('w', zeros([4, 9]))).toBe('aspect ratio 2.3 above 2');
  expect(filter('w', zeros([4]))).toBe('not a matrix');
});
