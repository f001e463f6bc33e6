import { expect, it } from 'vitest';
import { applyUpdates, clone, grad, memory, noGrad, scope, sum, tensor } from '../../../../../src/index';

it('is another tensor of the same values, which assignments to the first do not reach', () => {
  const x = tensor([1, 2]);
  const y = x.clone();
  expect(y).not.toBe(x);
  applyUpdates({ x }, { x: tensor([10, 10]) });
  expect(Array.from(x.dataSync())).toEqual([11, 12]);
  expect(Array.from(y.dataSync())).toEqual([1, 2]);
});

it('outlives the scope of the original, and copies nothing', () => {
  const y = scope(() => {
    const x = sum(tensor([1, 2]));
    const bytes = memory().bytes;
    const copy = clone(x);
    expect(memory().bytes).toBe(bytes);
    return copy;
  });
  expect(y.dataSync()[0]).toBe(3);
});

it('lets derivatives through', () => {
  expect(grad((x) => sum(clone(x)))(tensor([1, 2])).dataSync()).toEqual(Float32Array.of(1, 1));
  expect(noGrad(() => clone(tensor([1], { dtype: 'int32' }))).dtype).toBe('int32');
});
