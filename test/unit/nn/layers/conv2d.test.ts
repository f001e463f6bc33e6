import { expect, it } from 'vitest';
import { add, Conv2d, conv2d, random, square, sum, type Tensor, valueAndGrad, zeros } from '../../../../src/index';

const key = random.key(0);
const numbers = (t: Tensor | null): number[] => Array.from((t as Tensor).dataSync());

it('has parameters of PyTorch’s shapes, drawn from U(−1/√n, 1/√n) with n inputs to each output', () => {
  const layer = new Conv2d(8, 16, [3, 5], { key });
  const shapes = Object.entries(layer.parameters()).map(([path, { shape }]) => [path, shape]);
  expect(shapes).toEqual([
    ['weight', [16, 8, 3, 5]],
    ['bias', [16]],
  ]);
  const bound = Math.fround(1 / Math.sqrt(8 * 3 * 5));
  const values = [...numbers(layer.weight), ...numbers(layer.bias)].map(Math.abs);
  expect(Math.max(...values)).toBeLessThanOrEqual(bound);
  // 1,936 draws below 0.97 of the bound have a chance of 0.97^1936 < 1e-25.
  expect(Math.max(...values)).toBeGreaterThan(0.97 * bound);
});

it('is the op with its weight, bias, stride and padding', () => {
  const x = random.normal(key, [2, 3, 7, 8]);
  const layer = new Conv2d(3, 4, 3, { stride: [2, 1], padding: 1, key });
  const expected = conv2d(x, layer.weight, layer.bias as Tensor, { stride: [2, 1], padding: 1 });
  expect(layer.forward(x).shape).toEqual([2, 4, 4, 8]);
  expect(numbers(layer.forward(x))).toEqual(numbers(expected));
  const plain = new Conv2d(3, 4, 3, { bias: false, key });
  expect(plain.bias).toBeNull();
  expect(numbers(add(plain.forward(x), 0))).toEqual(numbers(conv2d(x, plain.weight)));
});

it('trains all of its parameters', () => {
  const layer = new Conv2d(1, 2, 3, { key });
  const { grads } = valueAndGrad(
    () => sum(square(layer.forward(random.normal(key, [1, 1, 5, 5])))),
    layer.parameters(),
  );
  for (const gradient of Object.values(grads)) expect(numbers(gradient).every((g) => g !== 0)).toBe(true);
});

it('refuses nonsense', () => {
  expect(() => new Conv2d(1, 1, 0, { key })).toThrow(/Conv2d got kernel = 0/);
  expect(() => new Conv2d(1, 1, 3, { key, stride: [1, 0] })).toThrow(/Conv2d got stride = \[/);
  expect(() => new Conv2d(1, 0, 3, { key })).toThrow(/outputs/);
  const typo = { key, strides: 2 };
  expect(() => new Conv2d(1, 1, 3, typo)).toThrow(/strides/);
  expect(() => new Conv2d(2, 1, 3, { key }).forward(zeros([1, 1, 5, 5]))).toThrow(/conv2d\/shapes/);
});
