import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../src/index';

// The statements of docs/semantics.md, one after the other, on every backend.
type Tensor = f.Tensor;
const { tensor } = f;
const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync(), (x) => x + 0); // −0 is 0 here
const ints = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });
/** Gradient of the sum of a function of one tensor. */
const slope = (g: (x: Tensor) => Tensor, x: number[]): number[] => numbers(f.grad((y) => f.sum(g(y)))(tensor(x)));
/** Gradients of the sum of a function of two. */
function slopes(g: (a: Tensor, b: Tensor) => Tensor, a: number[], b: number[]): number[][] {
  const params = { a: tensor(a), b: tensor(b) };
  const { grads } = f.valueAndGrad(() => f.sum(g(params.a, params.b)), params);
  return [numbers(grads.a), numbers(grads.b)];
}

describe.each([
  ['reference', f.referenceBackend],
  ['wasm', f.wasmBackend],
] as const)('on %s', (_, create) => {
  beforeEach(() => f.setBackend(create()));
  afterEach(() => f.setBackend(f.wasmBackend()));

  describe('dtypes', () => {
    const x = (): Tensor => tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3], dtype: 'int32' });
    it.each<[string, () => Tensor, number[]]>([
      ['reshape', () => f.reshape(x(), [6]), [1, 2, 3, 4, 5, 6]],
      ['squeeze', () => f.squeeze(f.unsqueeze(x(), 1)), [1, 2, 3, 4, 5, 6]],
      ['transpose', () => f.transpose(x()), [1, 4, 2, 5, 3, 6]],
      ['slice', () => f.slice(x(), [1, 1], [2, 3]), [5, 6]],
      ['split', () => f.split(x(), 3, 1)[2] as Tensor, [3, 6]],
      ['concat', () => f.concat([x(), ints(7, 8).reshape([2, 1])], 1), [1, 2, 3, 7, 4, 5, 6, 8]],
      ['stack', () => f.stack([ints(1), ints(2)]), [1, 2]],
      ['pad', () => f.pad(ints(1, 2), [[1, 1]], -7), [-7, 1, 2, -7]],
      ['broadcastTo', () => f.broadcastTo(ints(4), [3]), [4, 4, 4]],
      ['clone', () => f.clone(x()), [1, 2, 3, 4, 5, 6]],
      ['stopGradient', () => f.stopGradient(ints(5)), [5]],
      ['cast', () => f.cast(ints(1), 'int32'), [1]],
      ['less', () => f.less(ints(1, 2, 3), ints(2, 2, 2)), [1, 0, 0]],
      ['greater than a fraction', () => f.greater(ints(1, 2), 1.5), [0, 1]],
      ['add', () => f.add(ints(1, 2 ** 31 - 1), ints(2, 1)), [3, -(2 ** 31)]],
      ['sub', () => f.sub(3, ints(1)), [2]],
      ['mul', () => ints(2 ** 16 + 1).mul(2 ** 16), [2 ** 16]],
      ['notEqual', () => f.notEqual(ints(1, 2), 1), [0, 1]],
      ['logicalAnd of both dtypes', () => f.logicalAnd(tensor([0, 0.5, nan]), ints(1, 2, 3)), [0, 1, 1]],
      ['logicalNot', () => f.logicalNot(ints(0, 5)), [1, 0]],
      ['less of floats', () => f.less(tensor([1, 2]), 1.5), [1, 0]],
    ])('%s takes int32 and keeps it', (_, run, expected) => {
      expect(run().dtype).toBe('int32');
      expect(numbers(run())).toEqual(expected);
    });
    it.each<[string, () => unknown, RegExp]>([
      ['div', () => f.div(ints(1), ints(2)), /div got.*dtype int32.*x\.cast\('float32'\)/],
      ['add of a fraction', () => f.add(ints(1), 0.5), /add got.*dtype int32.*x\.cast\('float32'\)/],
      ['mod', () => f.mod(ints(1), 2), /mod got.*dtype int32/],
      ['notEqual of both dtypes', () => f.notEqual(tensor([1]), ints(2)), /dtype\/float32/],
      ['add of both dtypes', () => f.add(tensor([1]), ints(2)), /dtype\/float32/],
      ['equal of both dtypes', () => f.equal(tensor([1]), ints(2)), /dtype\/float32/],
      ['concat of both dtypes', () => f.concat([ints(1), tensor([1])]), /dtype\/int32/],
      ['where', () => f.where(ints(1), ints(1), ints(2)), /dtype\/float32/],
      ['where on floats', () => f.where(tensor([1]), 1, 2), /dtype\/int32.*x\.cast\('int32'\)/],
      ['gather by floats', () => f.gather(tensor([1]), tensor([0])), /dtype\/int32/],
      ['sum', () => f.sum(ints(1)), /dtype\/float32/],
      ['max', () => f.max(ints(1)), /dtype\/float32/],
      ['argmax', () => f.argmax(ints(1)), /dtype\/float32/],
      ['topK', () => f.topK(ints(1), 1), /dtype\/float32/],
      ['cumsum', () => f.cumsum(ints(1)), /dtype\/float32/],
      ['logSumExp', () => f.logSumExp(ints(1)), /dtype\/float32/],
      ['matmul', () => f.matmul(ints(1), tensor([1])), /dtype\/float32/],
      ['einsum', () => f.einsum('i->', ints(1)), /dtype\/float32/],
      ['conv2d', () => f.conv2d(f.ones([1, 1, 1, 1]), f.cast(f.ones([1, 1, 1, 1]), 'int32')), /dtype\/float32/],
      ['exp', () => f.exp(ints(1)), /dtype\/float32/],
      ['rmsNorm', () => f.rmsNorm(ints(1)), /dtype\/float32/],
      ['softmax', () => f.softmax(ints(1)), /dtype\/float32/],
      ['tril', () => f.tril(ints(1).reshape([1, 1])), /dtype\/float32/],
    ])('%s refuses the wrong dtype and says what to cast', (_, run, message) => {
      expect(run).toThrow(message);
    });
    it('cast truncates, saturates, and stops derivatives', () => {
      const x = tensor([1.9, -1.9, 3e9, -3e9, inf, -inf, nan]);
      expect(numbers(x.cast('int32'))).toEqual([1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31), 0]);
      expect(numbers(ints(2 ** 24 + 1).cast('float32'))).toEqual([2 ** 24]);
      expect(slope((y) => y.cast('int32').cast('float32'), [1.5])).toEqual([0]);
    });
  });

  describe('shapes and axes', () => {
    it('negative axes count from the back', () => {
      const x = f.random.normal(f.random.key(1), [2, 3, 4]);
      for (const axis of [0, 1, 2]) {
        for (const run of [
          (at: number) => f.sum(x, { axis: at }),
          (at: number) => f.max(x, { axis: [at] }),
          (at: number) => f.argmax(x, { axis: at }),
          (at: number) => f.logSumExp(x, { axis: at }),
          (at: number) => f.cumsum(x, { axis: at }),
          (at: number) => f.softmax(x, { axis: at }),
          (at: number) => f.concat([x, x], at),
          (at: number) => f.split(x, [1, (x.shape[axis] as number) - 1], at)[1] as Tensor,
          (at: number) => f.squeeze(f.max(x, { axis: at, keepDims: true }), at),
        ]) {
          expect(run(axis - 3).shape).toEqual(run(axis).shape);
          expect(numbers(run(axis - 3))).toEqual(numbers(run(axis)));
        }
      }
      expect(f.unsqueeze(x, -1).shape).toEqual([2, 3, 4, 1]);
      expect(f.stack([x, x], -2).shape).toEqual([2, 3, 2, 4]);
    });
    it.each<[string, (x: Tensor, axis: number) => unknown]>([
      ['sum', (x, axis) => f.sum(x, { axis })],
      ['argmax', (x, axis) => f.argmax(x, { axis })],
      ['cumsum', (x, axis) => f.cumsum(x, { axis })],
      ['logSumExp', (x, axis) => f.logSumExp(x, { axis })],
      ['softmax', (x, axis) => f.softmax(x, { axis })],
      ['squeeze', (x, axis) => f.squeeze(x, axis)],
      ['split', (x, axis) => f.split(x, 1, axis)],
      ['concat', (x, axis) => f.concat([x], axis)],
      ['transpose', (x, axis) => f.transpose(x, [0, axis])],
    ])('%s refuses an axis that is not there', (name, run) => {
      for (const axis of [2, -3, 0.5]) expect(() => run(f.ones([2, 2]), axis)).toThrow(`[axis/range] ${name} got axis`);
      expect(() => f.unsqueeze(f.ones([2, 2]), 3)).toThrow(/axis\/range/);
      expect(() => f.squeeze(f.ones([2, 2]), 0)).toThrow(/reshape\/size/);
    });
    it('slice counts negative positions from the back, takes whole what is left out, and does not clip', () => {
      const x = tensor([0, 1, 2, 3, 4, 5], { shape: [2, 3] });
      expect(numbers(f.slice(x, [-1], []))).toEqual([3, 4, 5]);
      expect(numbers(f.slice(x, [0, -2], [-1, -1]))).toEqual([1]);
      expect(f.slice(x, [0, 3], [2, 3]).shape).toEqual([2, 0]);
      for (const [start, end] of [
        [
          [0, -4],
          [2, 3],
        ],
        [
          [0, 0],
          [2, 4],
        ],
        [
          [0, 2],
          [2, 1],
        ],
        [
          [0, 0, 0],
          [1, 1, 1],
        ],
      ] as const)
        expect(() => f.slice(x, start, end)).toThrow(/slice\/range/);
    });
    it('a reduction over no axes changes nothing; cumsum and argmax without an axis go through all', () => {
      const x = tensor([3, 1, 2, 5], { shape: [2, 2] });
      expect(numbers(f.sum(x, { axis: [] }))).toEqual([3, 1, 2, 5]);
      expect(f.cumsum(x).shape).toEqual([4]);
      expect(numbers(f.cumsum(x))).toEqual([3, 4, 6, 11]);
      expect(numbers(f.argmax(x))).toEqual([3]);
    });
    it('matmul takes vectors for rows and columns, whatever the transposes', () => {
      const [a, v] = [tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] }), tensor([1, 0, -1])];
      expect(numbers(f.matmul(a, v))).toEqual([-2, -2]);
      expect(numbers(f.matmul(v, a, { transposeA: true, transposeB: true }))).toEqual([-2, -2]);
      expect(f.matmul(v, v).shape).toEqual([]);
      expect(f.matmul(v, f.ones([5, 1, 3, 2])).shape).toEqual([5, 1, 2]);
      expect(f.matmul(f.ones([5, 1, 3, 2]), tensor([1, 2])).shape).toEqual([5, 1, 3]);
      expect(f.matmul(f.zeros([0]), f.zeros([0, 2])).shape).toEqual([2]);
      expect(() => f.matmul(v, tensor([1, 2]))).toThrow(/matmul\/inner-dims/);
      expect(() => f.matmul(v, tensor(1))).toThrow(/matmul\/ndim/);
    });
    it('reshape works out one −1 where there is one answer', () => {
      expect(f.reshape(f.zeros([0, 3]), [-1, 3]).shape).toEqual([0, 3]);
      expect(() => f.reshape(f.zeros([0, 3]), [0, -1])).toThrow(/reshape\/size/);
    });
  });

  it('reductions of nothing', () => {
    const x = f.zeros([2, 0]);
    expect(numbers(f.sum(x, { axis: 1 }))).toEqual([0, 0]);
    expect(numbers(f.mean(x, { axis: 1 }))).toEqual([nan, nan]);
    expect(numbers(f.variance(x, { axis: 1 }))).toEqual([nan, nan]);
    expect(numbers(f.variance(tensor([1])))).toEqual([nan]);
    expect(numbers(f.logSumExp(x, { axis: 1 }))).toEqual([-inf, -inf]);
    expect(numbers(f.matmul(x, f.zeros([0, 1])))).toEqual([0, 0]);
    for (const run of [f.max, f.min, f.argmax]) {
      expect(() => run(x)).toThrow(/reduce\/empty/);
      expect(() => run(x, { axis: 1 })).toThrow(/reduce\/empty/);
      expect(run(x, { axis: 0 }).shape).toEqual([0]);
    }
  });

  describe('far out', () => {
    it('equal logits share the mass at any size', () => {
      const logits = (): Tensor => tensor([[1e38, 1e38, -3e38]]);
      const half = -Math.log(2);
      expect(numbers(f.softmax(logits()))).toEqual([0.5, 0.5, 0]);
      expect(numbers(f.logSoftmax(logits())).slice(0, 2)).toEqual([half, half].map(Math.fround));
      expect(numbers(f.crossEntropy(logits(), ints(0)))).toEqual([Math.fround(-half)]);
      expect(numbers(f.grad((x) => f.crossEntropy(x, ints(0)))(logits()))).toEqual([-0.5, 0.5, 0]);
    });
    it.each<[string, (x: Tensor) => Tensor]>([
      ['silu', f.silu],
      ['gelu', f.gelu],
      ['exact gelu', (x) => f.gelu(x, { exact: true })],
    ])('the gradient of %s is 1 at ∞ and 0 at −∞', (_, op) => {
      expect(slope(op, [inf, 3e38, -3e38, -inf, nan])).toEqual([1, 1, 0, 0, nan]);
      expect(numbers(op(tensor([inf, -inf])))).toEqual([inf, nan]);
    });
    it('the variance of equal numbers is 0', () => {
      for (const x of [0.1, 1e-30, 1e30, 1e38, -3e38]) {
        for (let count = 2; count < 20; count++)
          expect(numbers(f.variance(tensor(new Array<number>(count).fill(x))))).toEqual([0]);
      }
      const rows = tensor([1e38, 0.1, 1e38, 0.1, 1e38, 0.1], { shape: [3, 2] });
      expect(numbers(f.variance(rows, { axis: 0 }))).toEqual([0, 0]);
    });
    it('norms of rows whose squares overflow', () => {
      const rows = (): Tensor => tensor([1e30, -1e30, 3e38, 3e38, 3e38, 3e38, 3e38, 3e38], { shape: [2, 4] });
      const first = [0, 0, 1, 1].map((x, i) => (i === 1 ? -x : x)); // next to 3e38 the others vanish
      expect(numbers(f.rmsNorm(rows())).map((x, i) => x * (i < 4 ? Math.SQRT1_2 : 1))).toEqual(
        [...first, 1, 1, 1, 1].map((x) => expect.closeTo(x, 5)),
      );
      expect(numbers(f.layerNorm(rows())).slice(4)).toEqual([0, 0, 0, 0]);
      expect(numbers(f.layerNorm(rows())).slice(0, 4)).toEqual([-1, -1, 1, 1].map((x) => expect.closeTo(x, 5)));
    });
  });

  describe('NaN and ties', () => {
    it('NaN passes through the extremes', () => {
      const x = tensor([1, nan, 3, nan]);
      expect(numbers(f.max(x))).toEqual([nan]);
      expect(numbers(f.min(x))).toEqual([nan]);
      expect(numbers(f.maximum(x, 2))).toEqual([2, nan, 3, nan]);
      expect(numbers(f.minimum(2, x))).toEqual([1, nan, 2, nan]);
      expect(numbers(f.clip(x, 0, 2))).toEqual([1, nan, 2, nan]);
      expect(numbers(f.relu(x))).toEqual([1, nan, 3, nan]);
      expect(numbers(f.argmax(x))).toEqual([1]);
      const { values, indices } = f.topK(x, 3);
      expect([numbers(values), numbers(indices)]).toEqual([
        [nan, nan, 3],
        [1, 3, 2],
      ]);
    });
    it('comparisons with NaN are 0; where keeps the branch not taken out', () => {
      const x = tensor([nan, 1]);
      for (const compare of [f.equal, f.less, f.lessEqual, f.greater, f.greaterEqual])
        expect(numbers(compare(x, x))[0]).toBe(0);
      expect(numbers(f.where(ints(0, 1), x, 7))).toEqual([7, 1]);
      expect(slope((y) => f.where(f.greater(y, 0), f.sqrt(y), 0), [0, 4])).toEqual([nan, 0.25]);
      expect(slope((y) => f.sqrt(f.where(f.greater(y, 0), y, 1)), [0, 4])).toEqual([0, 0.25]);
    });
    it('equals take the lower index', () => {
      expect(numbers(f.argmax(tensor([1, 5, 5])))).toEqual([1]);
      expect(numbers(f.topK(tensor([5, 1, 5, 5, 1]), 4).indices)).toEqual([0, 2, 3, 1]);
      expect(numbers(f.topK(tensor([-0, 0, -0]), 3).indices)).toEqual([0, 1, 2]);
    });
    it('equal extremes share evenly', () => {
      expect(slope((x) => f.max(x), [1, 3, 3])).toEqual([0, 0.5, 0.5]);
      expect(slope((x) => f.min(x), [1, 1, 1, 1])).toEqual([0.25, 0.25, 0.25, 0.25]);
      expect(slope((x) => f.max(x), [1, nan, 3])).toEqual([nan, nan, nan]);
      expect(slopes(f.maximum, [1, 2, 3, nan], [2, 2, 2, 2])).toEqual([
        [0, 0.5, 1, 0],
        [1, 0.5, 0, 0],
      ]);
      expect(slopes(f.minimum, [1, 2, 3, 1], [2, 2, 2, nan])).toEqual([
        [1, 0.5, 0, 0],
        [0, 0.5, 1, 0],
      ]);
      expect(slope((x) => f.clip(x, -1, 1), [-2, -1, 0, 1, 2])).toEqual([0, 0.5, 1, 0.5, 0]);
    });
  });

  describe('at zero', () => {
    it('division', () => {
      expect(numbers(f.div(tensor([1, 0, -1, 1]), tensor([0, 0, 0, -0])))).toEqual([inf, nan, -inf, -inf]);
      expect(slopes(f.div, [1, 0, -1], [0, 0, 0])).toEqual([
        [inf, inf, inf],
        [-inf, nan, inf],
      ]);
    });
    it('powers', () => {
      const [a, b] = [
        [0, 0, 0, 0, 0, -2, -2],
        [0, 1, 2, 0.5, -1, 2, 0.5],
      ];
      expect(numbers(f.pow(tensor(a), tensor(b)))).toEqual([1, 0, 0, 0, inf, 4, nan]);
      expect(slopes(f.pow, a, b)).toEqual([
        [0, 1, 0, inf, -inf, -4, nan],
        [0, 0, 0, 0, -inf, nan, nan],
      ]);
      for (const [i, exponent] of b.entries()) {
        const [withNumber] = slope((x) => f.pow(x, exponent), [a[i] as number]);
        expect(withNumber).toBe(slopes(f.pow, a, b)[0]?.[i]);
      }
      expect(slope((x) => f.pow(0, x), [0, 1, 2])).toEqual([0, 0, 0]);
      expect(slope((x) => f.pow(0, x), [-1])).toEqual([-inf]);
      expect(slope((x) => f.pow(-1, x), [2])).toEqual([nan]);
    });
    it('second derivatives of x⁰, x¹ and x²', () => {
      for (const [exponent, curvature] of [
        [0, 0],
        [1, 0],
        [2, 2],
        [3, 0],
      ] as const)
        for (const e of [exponent, tensor(exponent)]) {
          const second = f.hvp((x) => f.sum(f.pow(x, e)))(tensor([0]), tensor([1]));
          expect(numbers(second), `x^${exponent}`).toEqual([curvature]);
        }
    });
    it('roots, logarithms, signs', () => {
      expect(slope(f.sqrt, [0])).toEqual([inf]);
      expect(slope((x) => f.sqrt(f.sum(f.square(x))), [0, 0])).toEqual([nan, nan]);
      expect([numbers(f.rsqrt(tensor([0]))), slope(f.rsqrt, [0])]).toEqual([[inf], [-inf]]);
      expect([numbers(f.log(tensor([0, -1]))), slope(f.log, [0])]).toEqual([[-inf, nan], [inf]]);
      for (const op of [f.abs, f.sign, f.relu]) expect([numbers(op(tensor([0]))), slope(op, [0])]).toEqual([[0], [0]]);
    });
  });

  it('logSumExp of infinities', () => {
    const rows = [-inf, -inf, -inf, 0, inf, 0, 1000, 1000, nan, 0];
    const x = tensor(rows, { shape: [5, 2] });
    const expected = [-inf, 0, inf, Math.fround(1000 + Math.log(2)), nan];
    expect(numbers(f.logSumExp(x, { axis: 1 }))).toEqual(expected);
  });
});
