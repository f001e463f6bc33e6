import { describe, expect, it } from 'vitest';
import {
  concat,
  conv1d,
  conv2d,
  convTranspose2d,
  mul,
  ones,
  split,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../../../../../src/index';
import { at } from '../../functions';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const inner = (a: Tensor, b: Tensor): number => sum(mul(a, b)).dataSync()[0] as number;

describe('groups', () => {
  it('are convolutions of their own, side by side', () => {
    const [x, w] = [at(1, [2, 6, 4, 3]), at(2, [4, 3, 2, 2])];
    const halves = (t: Tensor, axis: number): [Tensor, Tensor] => split(t, 2, axis) as [Tensor, Tensor];
    const [[x0, x1], [w0, w1]] = [halves(x, 1), halves(w, 0)];
    const apart = concat([conv2d(x0, w0), conv2d(x1, w1)], 1);
    expect(numbers(conv2d(x, w, undefined, { groups: 2 }))).toEqual(numbers(apart));
  });

  it('that do not divide the channels are refused', () => {
    expect(() => conv2d(zeros([1, 4, 3, 3]), zeros([3, 2, 2, 2]), undefined, { groups: 2 })).toThrow(/conv2d\/shapes/);
    expect(() => conv2d(zeros([1, 4, 3, 3]), zeros([4, 4, 2, 2]), undefined, { groups: 2 })).toThrow(/groups 2/);
    expect(() => convTranspose2d(zeros([1, 3, 3, 3]), zeros([3, 2, 2, 2]), undefined, { groups: 2 })).toThrow(
      /convTranspose2d got x/,
    );
    expect(() => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 2, 2]), undefined, { groups: 0 })).toThrow(/groups = 0/);
  });
});

it('dilation leaves gaps in the kernel, as zeros in a larger one would', () => {
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], { shape: [1, 1, 3, 3] });
  expect(numbers(conv2d(x, tensor([1, 10, 100, 1000], { shape: [1, 1, 2, 2] }), undefined, { dilation: 2 }))).toEqual([
    1 + 30 + 700 + 9000,
  ]);
  expect(() => conv2d(x, ones([1, 1, 2, 2]), undefined, { dilation: 3 })).toThrow(
    /conv2d\/kernel-size.*dilation \[3, 3\]/,
  );
});

it('conv1d slides over the last axis', () => {
  const x = tensor([1, 2, 3, 4, 5], { shape: [1, 1, 5] });
  const w = tensor([1, 10], { shape: [1, 1, 2] });
  expect(numbers(conv1d(x, w, tensor([0.5])))).toEqual([21.5, 32.5, 43.5, 54.5]);
  expect(numbers(conv1d(x, w, undefined, { stride: 2, padding: 1, dilation: 3 }))).toEqual([30, 52]);
  expect(() => conv1d(zeros([1, 2, 5]), zeros([1, 1, 2]))).toThrow(/conv1d got x \[1, 2, 5\]/);
  expect(() => conv1d(zeros([1, 1, 1, 5]), zeros([1, 1, 1, 2]))).toThrow(/conv2d\/shapes/);
  expect(() => conv1d(x, zeros([1, 1, 6]))).toThrow(/conv2d\/kernel-size/);
});

describe('convTranspose2d', () => {
  it('spreads each pixel as the kernel says, by the stride', () => {
    const x = tensor([1, 2], { shape: [1, 1, 1, 2] });
    const w = tensor([1, 10, 100], { shape: [1, 1, 1, 3] });
    expect(numbers(convTranspose2d(x, w))).toEqual([1, 12, 120, 200]);
    expect(numbers(convTranspose2d(x, w, tensor([5]), { stride: 2 }))).toEqual([6, 15, 107, 25, 205].slice(0, 5));
  });

  it.each([
    { stride: 1, padding: 1, dilation: 2, groups: 1 },
    { stride: 2, padding: 1, dilation: 1, groups: 2 },
    { stride: 3, padding: 0, dilation: 1, groups: 1 },
  ])('is the transpose of conv2d with %o', (options) => {
    const { stride, padding, dilation, groups } = options;
    const w = at(1, [4, 4 / groups, 2, 3]);
    const x = at(2, [2, 4, 7, 8]);
    const y = conv2d(x, w, undefined, options);
    const left = [7, 8].map((extent, axis) => (extent + 2 * padding - dilation * (1 + axis) - 1) % stride);
    const v = at(3, [...y.shape]);
    const back = convTranspose2d(v, w, undefined, {
      ...options,
      outputPadding: [left[0] as number, left[1] as number],
    });
    expect(back.shape).toEqual(x.shape);
    expect(inner(back, x)).toBeCloseTo(inner(v, y), 3); // ⟨Aᵀv, x⟩ = ⟨v, A·x⟩
  });

  it('refuses an outputPadding that the stride reaches', () => {
    const run = () => convTranspose2d(zeros([1, 1, 2, 2]), zeros([1, 1, 2, 2]), undefined, { outputPadding: 1 });
    expect(run).toThrow(/conv-transpose2d\/output-padding.*\[1, 1\] and stride \[1, 1\]/);
    expect(() => convTranspose2d(zeros([1, 1, 1, 1]), zeros([1, 1, 2, 2]), undefined, { padding: 1 })).toThrow(
      /conv2d\/kernel-size/,
    );
  });
});
