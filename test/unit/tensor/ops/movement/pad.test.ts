import { expect, it } from 'vitest';
import { grad, pad, slice, square, sum, type Tensor, tensor } from '../../../../../src/index';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

it('puts a value around the tensor, infinite ones too', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(
    numbers(
      pad(x, [
        [1, 0],
        [0, 1],
      ]),
    ),
  ).toEqual([0, 0, 0, 1, 2, 0, 3, 4, 0]);
  expect(
    numbers(
      x.pad(
        [
          [0, 0],
          [1, 0],
        ],
        Number.NEGATIVE_INFINITY,
      ),
    ),
  ).toEqual([-Infinity, 1, 2, -Infinity, 3, 4]);
  expect(numbers(pad(tensor(5), []))).toEqual([5]);
});

it('slice takes it back, and only the middle has a gradient', () => {
  const x = tensor([1, 2, 3]);
  expect(numbers(slice(pad(x, [[2, 4]], 9), [2], [5]))).toEqual([1, 2, 3]);
  expect(numbers(grad((y) => sum(square(pad(y, [[2, 4]], 9))))(x))).toEqual([2, 4, 6]);
});

it.each([
  [[]],
  [
    [
      [1, 1],
      [0, 0],
    ],
  ],
  [[[-1, 0]]],
  [[[0.5, 0]]],
  [[[1]]],
])('refuses the padding %j of a vector', (padding) => {
  expect(() => pad(tensor([1]), padding as unknown as [number, number][])).toThrow(/pad\/padding/);
});
