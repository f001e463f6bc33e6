import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../src/index';
import * as f from '../../../src/index';

const { random, tensor, valueAndGrad, hvp, sum, mul } = f;
const at = (n: number, shape: number[]): Tensor => random.normal(random.key(n), shape);
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

/** Σ w ⊙ f(x) with a fixed random w, so that no symmetry hides a wrong vjp. */
const weighed =
  (g: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor => {
    const y = g(x);
    return sum(mul(y, at(77, [...y.shape])));
  };

/** Central differences in every coordinate. */
function numericGradient(loss: (x: Tensor) => Tensor, x: Tensor, h = 1e-2): number[] {
  const base = numbers(x);
  return base.map((_, i) => {
    const shifted = (d: number): number => {
      const values = Float32Array.from(base);
      values[i] = (values[i] as number) + d;
      return loss(tensor(values, { shape: [...x.shape] })).dataSync()[0] as number;
    };
    return (shifted(h) - shifted(-h)) / (2 * h);
  });
}

function expectClose(actual: number[], expected: number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  for (const [i, value] of actual.entries())
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(tolerance * scale);
}

const ids = tensor([0, 2, 2, 1], { dtype: 'int32' });
const functions: Record<string, (x: Tensor) => Tensor> = {
  add: (x) => f.add(x, at(1, [4])),
  addBroadcast: (x) => f.add(at(1, [2, 3, 4]), x),
  sub: (x) => f.sub(1, f.sub(x, at(1, [4]))),
  mul: (x) => f.mul(x, x),
  div: (x) => f.div(at(1, [3, 4]), f.add(x, 5)),
  pow: (x) => f.pow(f.add(x, 5), 1.7),
  powBoth: (x) => f.pow(f.add(x, 5), f.mul(x, 0.3)),
  exp: f.exp,
  log: (x) => f.log(f.add(x, 5)),
  sqrt: (x) => f.sqrt(f.add(x, 5)),
  rsqrt: (x) => f.rsqrt(f.add(x, 5)),
  tanh: f.tanh,
  sigmoid: f.sigmoid,
  relu: f.relu,
  silu: f.silu,
  gelu: f.gelu,
  square: f.square,
  maximum: (x) => f.maximum(x, at(4, [3, 4])),
  where: (x) => f.where(f.greater(at(4, [3, 4]), 0), x, f.square(x)),
  matmul: (x) => f.matmul(x, at(2, [4, 5])),
  matmulNT: (x) => f.matmul(at(2, [5, 4]), x, { transposeB: true }),
  matmulTN: (x) => f.matmul(x, at(2, [3, 5]), { transposeA: true }),
  matmulTT: (x) => f.matmul(at(2, [3, 5]), x, { transposeA: true, transposeB: false }),
  matmulBatch: (x) => f.matmul(at(2, [2, 2, 3]), x),
  matmulSelf: (x) => f.matmul(x, x, { transposeB: true }),
  sumAxis: (x) => f.sum(x, { axis: 0 }),
  meanKeep: (x) => f.mean(x, { axis: -1, keepDims: true }),
  max: (x) => f.max(x, { axis: 0 }),
  min: (x) => f.min(x),
  variance: (x) => f.variance(x, { axis: 1 }),
  reshape: (x) => f.reshape(x, [2, 6]),
  transpose: (x) => f.transpose(x),
  slice: (x) => f.slice(x, [1, 0], [3, -1]),
  concat: (x) => f.concat([x, at(1, [3, 2]), x], 1),
  broadcastTo: (x) => f.broadcastTo(f.reshape(x, [3, 1, 4]), [3, 5, 4]),
  tril: (x) => f.tril(x),
  gather: (x) => f.gather(x, ids),
  softmax: (x) => f.softmax(x),
  softmaxAxis0: (x) => f.softmax(x, { axis: 0 }),
  logSoftmax: (x) => f.logSoftmax(x),
  layerNorm: (x) => f.layerNorm(x, at(5, [4]), at(6, [4])),
  layerNormWeight: (x) => f.layerNorm(at(7, [5, 4]), f.sum(x, { axis: 0 }), f.mean(x, { axis: 0 })),
  crossEntropy: (x) => f.crossEntropy(x, tensor([1, 0, 3], { dtype: 'int32' })),
  attention: (x) => f.attention(x, f.mul(x, 0.5), f.tanh(x), { causal: true }),
};

describe('valueAndGrad', () => {
  const x = at(3, [3, 4]);
  for (const [name, g] of Object.entries(functions)) {
    it(`${name}: the vjp matches central differences, and so does the second derivative`, () => {
      const loss = weighed(g);
      expectClose(numbers(valueAndGrad(loss)(x).grads), numericGradient(loss, x), 2e-3);
      const v = at(8, [3, 4]);
      const slope = (y: Tensor): Tensor => f.scope(() => sum(mul(valueAndGrad(loss)(y).grads, v)));
      expectClose(numbers(hvp(loss)(x, v)), numericGradient(slope, x), 6e-3);
    });
  }

  it('adds up the uses of a tensor that occurs twice, in one op and in several', () => {
    const { grads } = valueAndGrad((y) => sum(f.add(f.mul(y, y), y)))(tensor([1, 2, 3]));
    expect(numbers(grads)).toEqual([3, 5, 7]);
  });

  it('gives zeros to a parameter that the loss does not use, and frees all but the results', () => {
    const params = { a: tensor([1, 2]), b: tensor([3]) };
    const before = f.memory();
    const { value, grads, aux } = valueAndGrad(() => ({ loss: sum(f.exp(params.a)), aux: f.square(params.a) }), params);
    expect(numbers(grads.b as Tensor)).toEqual([0]);
    expect(numbers(aux as Tensor)).toEqual([1, 4]);
    expect(numbers(value)[0]).toBeCloseTo(Math.E + Math.E ** 2, 4);
    expect(f.memory().bytes).toBe(before.bytes);
  });

  it('third derivatives of x⁴ are 24x', () => {
    const fourth = (y: Tensor): Tensor => sum(f.square(f.square(y)));
    const third = f.grad((y) => f.grad((z) => f.grad(fourth)(z))(y))(tensor(2));
    expect(numbers(third)[0]).toBeCloseTo(48, 3);
  });
});
