import { expect, it } from 'vitest';
import { mul, RMSNorm, random, rmsNorm, type Tensor, tensor } from '../../../../src/index';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

it('starts with a weight of ones, and rows of mean square 1', () => {
  const norm = new RMSNorm(4);
  expect(Object.keys(norm.parameters())).toEqual(['weight']);
  const y = norm.forward(mul(100, random.normal(random.key(1), [3, 4])));
  for (const row of [0, 1, 2]) {
    const square = numbers(y)
      .slice(4 * row, 4 * row + 4)
      .reduce((total, x) => total + x * x, 0);
    expect(square / 4).toBeCloseTo(1, 5);
  }
});

it('scales by its weight, with its epsilon', () => {
  const norm = new RMSNorm(2, { epsilon: 3 });
  norm.load({ weight: tensor([1, 10]) });
  expect(numbers(norm.forward(tensor([1, 1])))).toEqual([0.5, 5]); // 1/√(1 + 3)
  expect(() => norm.forward(tensor([1, 2, 3]))).toThrow(/rms-norm\/shapes/);
  expect(() => rmsNorm(tensor(1))).toThrow(/rms-norm\/shapes/);
  expect(() => new RMSNorm(0)).toThrow(/width/);
});
