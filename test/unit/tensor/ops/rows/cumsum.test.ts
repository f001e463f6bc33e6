import { expect, it } from 'vitest';
import {
  cumsum,
  grad,
  mul,
  ones,
  referenceBackend,
  setBackend,
  sum,
  type Tensor,
  tensor,
  wasmBackend,
} from '../../../../../src/index';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

it('runs along any axis', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(numbers(cumsum(x, { axis: 1 }))).toEqual([1, 3, 6, 4, 9, 15]);
  expect(numbers(x.cumsum({ axis: -2 }))).toEqual([1, 2, 3, 5, 7, 9]);
});

it('gives each element the cotangents from itself on', () => {
  expect(numbers(grad((x) => sum(mul(cumsum(x), tensor([1, 10, 100]))))(ones([3])))).toEqual([111, 110, 100]);
});

it.each([[referenceBackend], [wasmBackend]])(
  'errors do not grow with the length: a million tenths, rounded once each',
  (create) => {
    setBackend(create());
    const n = 1e6;
    const sums = cumsum(tensor(new Float32Array(n).fill(0.1))).dataSync();
    const tenth = Math.fround(0.1);
    for (const i of [0, 999, 123_456, n - 1]) expect(sums[i]).toBeCloseTo((i + 1) * tenth, 2);
    expect(Math.abs((sums[n - 1] as number) - n * tenth) / (n * tenth)).toBeLessThan(2 ** -23);
    setBackend(wasmBackend());
  },
);
