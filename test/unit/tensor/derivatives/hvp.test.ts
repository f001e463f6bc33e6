import { afterAll, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { at } from '../functions';

type Tensor = f.Tensor;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
afterAll(() => f.setBackend(f.wasmBackend()));

/**
 * The derivative of the gradient along v, from central differences with two step sizes: (4·D(h) − D(2h))/3 is off by
 * O(h⁴) and the rounding of float32 gradients over h.
 */
function slopeOfGradient(loss: (x: Tensor) => Tensor, x: Tensor, v: Tensor, h = 1 / 32): number[] {
  const gradientAt = (t: number): number[] => numbers(f.grad(loss)(f.add(x, f.mul(v, t))));
  const central = (step: number): number[] => {
    const [above, below] = [gradientAt(step), gradientAt(-step)];
    return above.map((a, i) => (a - (below[i] as number)) / (2 * step));
  };
  const [narrow, wide] = [central(h), central(2 * h)];
  return narrow.map((d, i) => (4 * d - (wide[i] as number)) / 3);
}

/** Functions of one tensor [4, 6], with parameters that are made on the current backend. */
const losses: Record<string, () => (x: Tensor) => Tensor> = {
  attention: () => {
    const [k, v, w] = [at(1, [4, 6]), at(2, [4, 6]), at(3, [4, 6])];
    return (x) => f.sum(f.mul(f.attention(x, f.add(k, x), f.mul(v, x)), w));
  },
  'causal attention': () => {
    const w = at(3, [4, 6]);
    return (x) => f.sum(f.mul(f.attention(x, x, x, { causal: true }), w));
  },
  'layer norm': () => {
    const [weight, bias, w] = [at(4, [6]), at(5, [6]), at(3, [4, 6])];
    return (x) => f.sum(f.mul(f.square(f.layerNorm(x, weight, bias)), w));
  },
  'weight and bias of a layer norm': () => {
    const [input, w] = [at(6, [4, 6]), at(3, [4, 6])];
    return (x) => f.sum(f.mul(f.tanh(f.layerNorm(input, f.sum(x, { axis: 0 }), f.mean(x, { axis: 0 }))), w));
  },
  'a transformer block': () => {
    const [weight, bias, w] = [at(4, [6]), at(5, [6]), at(3, [4, 6])];
    return (x) => {
      const y = f.layerNorm(x, weight, bias);
      return f.sum(f.mul(f.gelu(f.add(x, f.attention(y, y, y, { causal: true }))), w));
    };
  },
};

for (const [backend, make] of Object.entries({ reference: f.referenceBackend, wasm: f.wasmBackend })) {
  describe(`hvp on ${backend} equals the differences of gradients through`, () => {
    for (const [name, lossOf] of Object.entries(losses)) {
      it.each([
        ['as it is', (g: (x: Tensor) => Tensor) => g],
        ['under remat', (g: (x: Tensor) => Tensor) => f.remat(g)],
      ])(`${name}, %s`, (_, wrap) => {
        f.setBackend(make());
        const [x, v, loss] = [at(7, [4, 6]), at(8, [4, 6]), lossOf()];
        const actual = numbers(f.hvp(wrap(loss))(x, v));
        const expected = slopeOfGradient(loss, x, v);
        const scale = Math.max(...expected.map(Math.abs));
        expect(scale).toBeGreaterThan(0.1);
        for (const [i, e] of expected.entries()) expect(Math.abs((actual[i] as number) - e)).toBeLessThan(1e-3 * scale);
      });
    }
  });
}
