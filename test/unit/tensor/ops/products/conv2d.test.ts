import { describe, expect, it } from 'vitest';
import { conv2d, grad, ones, sum, type Tensor, tensor, zeros } from '../../../../../src/index';
import { at } from '../../functions';

const typo: object = { dilate: 2 };
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

describe('conv2d', () => {
  it('slides the kernel without turning it over', () => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], { shape: [1, 1, 3, 3] });
    const w = tensor([1, 0, 0, 10], { shape: [1, 1, 2, 2] });
    expect(numbers(conv2d(x, w))).toEqual([51, 62, 84, 95]);
    expect(numbers(conv2d(x, w, tensor([0.5]), { stride: 2, padding: [1, 0] }))).toEqual([20.5, 84.5]);
  });

  it('reads no pixels that the last stride does not reach, and gives them no gradient', () => {
    const gradient = grad((x) => sum(conv2d(x, ones([1, 1, 2, 2]), undefined, { stride: 3 })))(at(1, [1, 1, 4, 6]));
    expect(numbers(gradient)).toEqual([1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, ...new Array(12).fill(0)]);
  });

  it('takes batches, channels and outputs of nothing', () => {
    expect(conv2d(zeros([0, 2, 4, 4]), zeros([3, 2, 3, 3])).shape).toEqual([0, 3, 2, 2]);
    expect(conv2d(zeros([1, 2, 4, 4]), zeros([0, 2, 3, 3]), zeros([0])).shape).toEqual([1, 0, 2, 2]);
    expect(numbers(conv2d(zeros([1, 0, 2, 2]), zeros([1, 0, 2, 2]), tensor([3])))).toEqual([3]);
  });

  it.each<[RegExp, () => unknown]>([
    [/conv2d\/shapes.*x \[2, 3, 4\]/, () => conv2d(zeros([2, 3, 4]), zeros([1, 3, 2, 2]))],
    [/conv2d\/shapes.*w \[1, 2, 2, 2\]/, () => conv2d(zeros([1, 3, 4, 4]), zeros([1, 2, 2, 2]))],
    [/conv2d\/shapes.*bias \[2\]/, () => conv2d(zeros([1, 3, 4, 4]), zeros([1, 3, 2, 2]), zeros([2]))],
    [/conv2d\/kernel-size.*\[4, 4\].*kernel \[5, 2\]/, () => conv2d(zeros([1, 3, 4, 4]), zeros([1, 3, 5, 2]))],
    [/conv2d\/kernel-size/, () => conv2d(zeros([1, 3, 4, 4]), zeros([1, 3, 0, 2]))],
    [/stride = 0/, () => conv2d(zeros([1, 1, 4, 4]), zeros([1, 1, 2, 2]), undefined, { stride: 0 })],
    [/padding = \[0, -1\]/, () => conv2d(zeros([1, 1, 4, 4]), zeros([1, 1, 2, 2]), undefined, { padding: [0, -1] })],
    [/padding = 0.5/, () => conv2d(zeros([1, 1, 4, 4]), zeros([1, 1, 2, 2]), undefined, { padding: 0.5 })],
    [/options\/unknown.*dilate/, () => conv2d(ones([1, 1, 4, 4]), ones([1, 1, 2, 2]), undefined, typo)],
  ])('says %s', (message, run) => {
    expect(run).toThrow(message);
  });
});
