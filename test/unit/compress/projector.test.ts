import { expect, it } from 'vitest';
import { smallerSide } from '../../../src/index';

it('the smaller dimension is compressed, a square on the right', () => {
  const sides = [
    [3, 4],
    [4, 3],
    [4, 4],
    [1, 1],
  ].map(smallerSide);
  expect(sides).toEqual(['left', 'right', 'right', 'right']);
});
