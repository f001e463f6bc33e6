import { expect, it } from 'vitest';
import { grad, memory, mul, scope, square, sum, type Tensor, tensor, topK } from '../../../../../src/index';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

it('gives values and int32 indices along the last axis', () => {
  const { values, indices } = topK(
    tensor([
      [3, 1, 2],
      [4, 6, 5],
    ]),
    2,
  );
  expect([values.shape, indices.shape, indices.dtype]).toEqual([[2, 2], [2, 2], 'int32']);
  expect([numbers(values), numbers(indices)]).toEqual([
    [3, 2, 6, 5],
    [0, 2, 1, 2],
  ]);
});

it('sorts, with k = n, in the order of a stable sort', () => {
  const x = Float32Array.from({ length: 999 }, (_, i) => (i * 7919) % 101);
  const order = Array.from(x.keys()).sort((i, j) => (x[j] as number) - (x[i] as number));
  expect(numbers(topK(tensor(x), 999).indices)).toEqual(order);
});

it('passes first and second derivatives to the elements that were chosen', () => {
  const first = grad((x) => sum(mul(topK(x, 2).values, tensor([10, 1]))))(tensor([1, 4, 3, 2]));
  expect(numbers(first)).toEqual([0, 10, 1, 0]);
  const second = grad((x) => sum(grad((y) => sum(square(topK(y, 1).values)))(x)))(tensor([1, 4, 3]));
  expect(numbers(second)).toEqual([0, 2, 0]);
});

it('leaves nothing behind but its results', () => {
  const before = memory().tensors;
  scope(() => {
    const inside = memory().tensors;
    topK(tensor([1, 2, 3]), 2);
    expect(memory().tensors - inside).toBe(2);
  });
  expect(memory().tensors).toBe(before);
});

it('refuses a k beyond the row, and scalars', () => {
  expect(() => topK(tensor([1, 2]), 3)).toThrow(/topK got k = 3; expected a whole number between 0 and 2/);
  expect(() => topK(tensor([1, 2]), 1.5)).toThrow(/options\/range/);
  expect(() => topK(tensor(1), 1)).toThrow(/top-k\/ndim/);
});
