import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';

type Tensor = f.Tensor;
const { tensor } = f;
const nan = Number.NaN;
const inf = Number.POSITIVE_INFINITY;
const ints = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });
const numbers = (t: Tensor): number[] => Array.from(t.dataSync(), (x) => x + 0); // −0 is 0 here
const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
/** Gradient of the sum of a function, each element with a weight of its own. */
const slopes = (of: (x: Tensor) => Tensor, x: Tensor): number[] =>
  numbers(
    f.grad((y) => {
      const out = of(y);
      return f.sum(f.mul(f.reshape(out, [out.size]), tensor(Array.from({ length: out.size }, (_, i) => 10 ** i))));
    })(x),
  );

describe.each([
  ['reference', f.referenceBackend],
  ['wasm', f.wasmBackend],
] as const)('on %s', (_, create) => {
  beforeEach(() => f.setBackend(create()));
  afterEach(() => f.setBackend(f.wasmBackend()));

  it('sort keeps the order of equals, and NaN is the largest', () => {
    const x = (): Tensor => tensor([3, nan, 1, 3, -inf, 1, nan, 2]);
    expect(numbers(f.argsort(x()))).toEqual([4, 2, 5, 7, 0, 3, 1, 6]);
    expect(numbers(f.sort(x()).values)).toEqual([-inf, 1, 1, 2, 3, 3, nan, nan]);
    expect(numbers(f.argsort(x(), { descending: true }))).toEqual([1, 6, 0, 3, 7, 2, 5, 4]);
  });

  it('sort of an axis in the middle says where the elements were along it', () => {
    const x = f.random.normal(f.random.key(3), [3, 5, 2]);
    const { values, indices } = f.sort(x, { axis: 1 });
    const [v, at] = [numbers(values), numbers(indices)];
    const rows: number[][] = [];
    const sorted: number[][] = [];
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 2; j++) {
        const along = <T>(of: readonly T[]): T[] => [0, 1, 2, 3, 4].map((l) => of[(i * 5 + l) * 2 + j] as T);
        const given = along(numbers(x));
        expect(along(at).map((l) => given[l])).toEqual(along(v));
        rows.push(given.sort((a, b) => a - b));
        sorted.push(along(v));
      }
    }
    expect(sorted).toEqual(rows);
    expect([indices.dtype, indices.shape]).toEqual(['int32', [3, 5, 2]]);
  });

  it('argmin takes the first of equals, and NaN before all', () => {
    expect(numbers(f.argmin(tensor([2, 1, 1])))).toEqual([1]);
    expect(numbers(f.argmin(tensor([2, nan, -inf, nan])))).toEqual([1]);
  });

  it('any and all read either dtype; NaN is not 0, and −0 is', () => {
    const x = tensor([
      [0, -0, nan],
      [1, 0, 2],
    ]);
    expect(numbers(f.any(x, { axis: 0 }))).toEqual([1, 0, 1]);
    expect(numbers(f.all(x, { axis: 0 }))).toEqual([0, 0, 1]);
    expect(numbers(f.all(ints(1, -(2 ** 30), 3)))).toEqual([1]);
    expect(
      [
        [nan, 0],
        [0, -3],
        [0, -0],
      ].map((of) => numbers(f.any(tensor(of)))[0]),
    ).toEqual([1, 1, 0]);
    expect(f.any(ints(0, 0)).dtype).toBe('int32');
    expect([numbers(f.any(ints(0, 0))), numbers(f.any(f.zeros([0]))), numbers(f.all(f.zeros([0])))]).toEqual([
      [0],
      [0],
      [1],
    ]);
  });

  it('prod has right derivatives where elements are 0', () => {
    expect(numbers(f.prod(matrix(), { axis: 1 }))).toEqual([6, 120]);
    expect(numbers(f.grad((x) => f.prod(x))(tensor([2, 0, 3, 4, 5])))).toEqual([0, 120, 0, 0, 0]);
    expect(numbers(f.grad((x) => f.prod(x))(tensor([2, 0, 0])))).toEqual([0, 0, 0]);
    const second = f.hvp((x) => f.prod(x))(tensor([2, 0, 0, 7]), tensor([0, 1, 0, 0]));
    expect(numbers(second)).toEqual([0, 0, 14, 0]); // ∂²/∂x₁∂x₂ = x₀·x₃
    expect(numbers(f.prod(f.zeros([2, 0]), { axis: 1, keepDims: true }))).toEqual([1, 1]);
  });

  it('norm and std have the derivative 0 where they are 0', () => {
    expect([1, 2, inf].map((p) => numbers(f.norm(tensor([3, -4]), { p }))[0])).toEqual([7, 5, 4]);
    for (const p of [1, 2, inf]) {
      expect(
        slopes(
          (x) => f.norm(x, { axis: 1, p }),
          tensor([
            [0, 0],
            [0, 2],
          ]),
        ),
      ).toEqual([0, 0, 0, 10]);
      expect(numbers(f.hvp((x) => f.norm(x, { p }))(f.zeros([2]), f.ones([2])))).toEqual([0, 0]);
    }
    expect(slopes((x) => f.std(x), tensor([5, 5, 5]))).toEqual([0, 0, 0]);
    expect(numbers(f.std(tensor([nan, 1])))).toEqual([nan]);
    expect(numbers(f.norm(f.zeros([0])))).toEqual([0]);
    expect(() => f.norm(f.zeros([0]), { p: inf })).toThrow(/reduce\/empty.*norm got/);
    expect(() => f.std(f.zeros([3]), { axis: 1 })).toThrow(/std got axis 1/);
  });

  it('flip, roll, tile and repeat keep int32 and its large numbers', () => {
    const x = tensor([2 ** 31 - 1, 2, 3, 4, 5, 6], { shape: [2, 3], dtype: 'int32' });
    const large = 2 ** 31 - 1;
    expect(numbers(f.flip(x, 1))).toEqual([3, 2, large, 6, 5, 4]);
    expect(numbers(f.flip(x, [0, -1]))).toEqual([6, 5, 4, 3, 2, large]);
    expect(numbers(f.roll(x, -1, 1))).toEqual([2, 3, large, 5, 6, 4]);
    expect(numbers(f.roll(x, 7, 1))).toEqual([3, large, 2, 6, 4, 5]);
    expect(numbers(f.tile(ints(large, 2), [1, 2]))).toEqual([large, 2, large, 2]);
    expect(numbers(f.repeat(x, 2, 0))).toEqual([large, 2, 3, large, 2, 3, 4, 5, 6, 4, 5, 6]);
    expect(numbers(f.gather(x, ints(1, 0)))).toEqual([4, 5, 6, large, 2, 3]);
    expect(numbers(f.at(x, 0, -3))).toEqual([large]);
    for (const of of [f.flip(x, 1), f.roll(x, 1, 0), f.tile(x, [2]), f.repeat(x, 2, 1), f.gather(x, ints(0)), x.at(0)])
      expect(of.dtype).toBe('int32');
  });

  it('diag puts on a diagonal and takes from it; one outside the matrix is empty', () => {
    expect(numbers(f.diag(tensor([1, 2]), -1))).toEqual([0, 0, 0, 1, 0, 0, 0, 2, 0]);
    expect(numbers(f.diag(tensor([1, 2]), 1))).toEqual([0, 1, 0, 0, 0, 2, 0, 0, 0]);
    expect([-2, -1, 0, 1, 2, 3].map((k) => numbers(f.diag(matrix(), k)))).toEqual([[], [4], [1, 5], [2, 6], [3], []]);
    expect(slopes((x) => f.diag(x, 1), matrix())).toEqual([0, 1, 0, 0, 0, 10]);
  });

  it('what a triangle or a diagonal leaves out is 0, also where x is not finite', () => {
    const x = f.full([2, 2], inf);
    expect(numbers(f.triu(x))).toEqual([inf, inf, 0, inf]);
    expect(numbers(f.tril(x, -1))).toEqual([0, 0, inf, 0]);
    expect(numbers(f.diag(tensor([nan, inf])))).toEqual([nan, 0, 0, inf]);
    expect(numbers(f.triu(matrix(), 1))).toEqual([0, 2, 3, 0, 0, 6]);
  });

  it('scatter sets rows, of equal ids the last; derivatives go to what is in the result', () => {
    const values = (): Tensor =>
      tensor([
        [10, 20],
        [30, 40],
        [50, 60],
      ]);
    const x = (): Tensor => f.ones([3, 2]);
    const ids = (): Tensor => ints(2, 0, 2);
    expect(numbers(f.scatter(x(), ids(), values()))).toEqual([30, 40, 1, 1, 50, 60]);
    expect(slopes((t) => f.scatter(t, ids(), values()), x())).toEqual([0, 0, 100, 1000, 0, 0]);
    expect(slopes((t) => f.scatter(x(), ids(), t), values())).toEqual([0, 0, 1, 10, 10_000, 100_000]);
    expect(numbers(f.scatter(x(), ids(), values(), { mode: 'add' }))).toEqual([31, 41, 1, 1, 61, 81]);
    expect(numbers(f.scatter(ints(1, 2, 3), ints(1), ints(2 ** 31 - 1)))).toEqual([1, 2 ** 31 - 1, 3]);
    for (const mode of ['set', 'add'] as const) {
      expect(() => f.scatter(x(), ints(3), f.ones([1, 2]), { mode })).toThrow(
        /scatter got the id 3; expected ids from 0 to 2/,
      );
      expect(() => f.scatter(x(), ints(-1), f.ones([1, 2]), { mode })).toThrow(/index\/range/);
    }
    expect(() => f.scatter(x(), ids(), f.ones([2]))).toThrow(/scatter\/shapes.*values \[3, 2\]/);
    expect(() => f.scatter(ints(1), ints(0), ints(1), { mode: 'add' })).toThrow(/dtype\/float32/);
  });

  it('takeAlong takes one or many along any axis, by one rule', () => {
    expect(numbers(f.takeAlong(matrix(), ints(2, 0)))).toEqual([3, 4]);
    expect(numbers(f.takeAlong(matrix(), ints(1, 0, 1), 0))).toEqual([4, 2, 6]);
    const many = tensor(
      [
        [2, 2, 0, 1],
        [0, 1, 2, 0],
      ],
      { dtype: 'int32' },
    );
    expect(numbers(f.takeAlong(matrix(), many))).toEqual([3, 3, 1, 2, 4, 5, 6, 4]);
    const one = f.takeAlong(matrix(), tensor([[1, 0, 1]], { dtype: 'int32' }), -2);
    expect([one.shape, numbers(one)]).toEqual([
      [1, 3],
      [4, 2, 6],
    ]);
    expect(slopes((x) => f.takeAlong(x, many), matrix())).toEqual([100, 1000, 11, 10_010_000, 100_000, 1_000_000]);
    expect(() => f.takeAlong(matrix(), tensor([[3], [0]], { dtype: 'int32' }))).toThrow(
      /takeAlong got the id 3.*from 0 to 2/,
    );
    expect(() =>
      f.takeAlong(
        matrix(),
        tensor(
          [
            [2, 0],
            [0, -1],
          ],
          { dtype: 'int32' },
        ),
      ),
    ).toThrow(/takeAlong got the id -1/);
    expect(() => f.takeAlong(matrix(), tensor([[0, 1]], { dtype: 'int32' }))).toThrow(/take-along\/shapes/);
  });

  it('at takes the axes off one by one, as a method and as a function', () => {
    const x = f.arange(24).reshape([2, 3, 4]);
    expect([x.at(1).shape, x.at(1, -1).shape, x.at(1, -1, 0).shape]).toEqual([[3, 4], [4], []]);
    expect(numbers(x.at(1, -1))).toEqual([20, 21, 22, 23]);
    expect(numbers(f.at(x, -2, 0, 3))).toEqual([3]);
    expect(slopes((t) => t.at(0), matrix())).toEqual([1, 10, 100, 0, 0, 0]);
    for (const call of [() => x.at(2), () => x.at(-3), () => x.at(0, 0, 0, 0), () => f.at(f.ones([0]), 0)])
      expect(call).toThrow(/index\/range.*at got/);
    expect(() => x.at()).toThrow(/at got index = undefined/);
  });

  it('slice without an end goes to the end of each axis', () => {
    expect(numbers(f.slice(matrix(), [1]))).toEqual([4, 5, 6]);
    expect(numbers(matrix().slice([0, -1]))).toEqual([3, 6]);
  });

  it('oneHot, linspace and outer', () => {
    expect(numbers(f.oneHot(ints(1, 0), 3))).toEqual([0, 1, 0, 1, 0, 0]);
    expect(() => f.oneHot(ints(1, 3), 3)).toThrow(/oneHot got the id 3; expected ids from 0 to 2/);
    expect(numbers(f.linspace(1, -1, 5))).toEqual([1, 0.5, 0, -0.5, -1]);
    expect([numbers(f.linspace(7, 9, 1)), numbers(f.linspace(7, 9, 0))]).toEqual([[7], []]);
    const tenths = numbers(f.linspace(0.1, 0.7, 8));
    expect([tenths[0], tenths[7]]).toEqual([Math.fround(0.1), Math.fround(0.7)]);
    expect(() => f.outer(matrix(), tensor([1]))).toThrow(/outer\/ndim/);
  });
});
