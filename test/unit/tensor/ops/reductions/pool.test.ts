import { expect, it } from 'vitest';
import { AvgPool, avgPool, grad, MaxPool, maxPool, sum, type Tensor, tensor, zeros } from '../../../../../src/index';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const x = tensor([1, 5, -2, -3, 4, 0, -9, -1, 7, 7, -8, -6], { shape: [1, 1, 3, 4] });

it('takes windows side by side, and leaves out what does not fill one', () => {
  expect(numbers(maxPool(x, 2))).toEqual([5, -1]);
  expect(numbers(avgPool(x, 2))).toEqual([2.5, -3.75]);
  expect(numbers(new MaxPool([1, 4]).forward(x))).toEqual([5, 4, 7]);
  expect(numbers(new AvgPool([3, 1], { stride: 2 }).forward(x))).toEqual([4, -19 / 3].map(Math.fround));
});

it('sees −∞ beyond the border in a maximum, and zeros in a mean', () => {
  const low = tensor([-4, -8], { shape: [1, 1, 1, 2] });
  expect(numbers(maxPool(low, [1, 2], { padding: [0, 1] }))).toEqual([-4, -8]);
  expect(numbers(avgPool(low, [1, 2], { padding: [0, 1] }))).toEqual([-2, -4]);
});

it('gives the gradient of equal pixels to the first of them, and of a mean to all', () => {
  const loss = (t: Tensor): Tensor => sum(maxPool(t, [1, 2]));
  expect(numbers(grad(loss)(x))).toEqual([0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1]);
  expect(numbers(grad((t: Tensor) => sum(avgPool(t, [1, 4])))(x))).toEqual(new Array(12).fill(0.25));
});

it('lets NaN through', () => {
  const withNaN = tensor([1, Number.NaN, 3, 4], { shape: [1, 1, 1, 4] });
  expect(numbers(maxPool(withNaN, [1, 2]))).toEqual([Number.NaN, 4]);
});

it.each<[RegExp, () => unknown]>([
  [/pool\/shapes.*\[3, 4\]/, () => maxPool(zeros([3, 4]), 2)],
  [/pool\/window.*\[3, 4\] and a window \[4, 4\]/, () => avgPool(x, 4)],
  [/pool\/window.*padding \[2, 2\]/, () => new MaxPool(3, { padding: 2 })],
  [/window = 0/, () => new AvgPool(0)],
  [/maxPool got stride = 0/, () => maxPool(x, 2, { stride: 0 })],
])('says %s', (message, run) => {
  expect(run).toThrow(message);
});
