import { describe, expect, it } from 'vitest';
import {
  linear,
  random,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  veloraDirection,
  veloraLinear,
} from '../../../../src/index';

const at = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed), shape);
const numbers = (t: Tensor | undefined): number[] => Array.from(t?.dataSync() ?? []);
const near = (t: Tensor | undefined, digits = 5) => numbers(t).map((x) => expect.closeTo(x, digits));

describe('veloraLinear', () => {
  const [weight, bias, D] = [at(1, [4, 6]), at(2, [4]), at(3, [2, 5, 4])];
  const gradients = (x: Tensor, layer: (x: Tensor) => Tensor) => {
    const { value, grads } = valueAndGrad(() => sum(layer(x).mul(D)), { x, weight, bias });
    return { value, ...grads };
  };
  const exact = (x: Tensor) => gradients(x, () => linear(x, weight, bias));

  it('is the plain layer, with exact gradients of input and bias', () => {
    const x = at(4, [2, 5, 6]);
    const [kept, plain] = [gradients(x, () => veloraLinear(x, weight, bias, veloraDirection(x, 3))), exact(x)];
    expect(numbers(kept.value)).toEqual(near(plain.value, 4));
    expect(numbers(kept.x)).toEqual(near(plain.x));
    expect(numbers(kept.bias)).toEqual(near(plain.bias));
    expect(numbers(kept.weight)).not.toEqual(near(plain.weight, 1));
  });

  it('has the exact gradient of the weight where all parts are parallel to v', () => {
    const x = at(5, [2, 5, 3, 1])
      .mul(tensor([3, -4]))
      .reshape([2, 5, 6]);
    const v = veloraDirection(x, 3);
    expect(numbers(v).map(Math.abs)).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)]);
    const kept = gradients(x, () => veloraLinear(x, weight, bias, v));
    expect(numbers(kept.weight)).toEqual(near(exact(x).weight, 4));
  });

  it('sees X·blockdiag(v·vᵀ) otherwise: what is across v is lost, always', () => {
    const x = at(6, [2, 5, 6]);
    const v = tensor([0, 1, 0]); // parts of three: of each the middle is kept
    const kept = gradients(x, () => veloraLinear(x, weight, bias, v, 0.5));
    const plain = numbers(exact(x).weight);
    expect(numbers(kept.x)).toEqual(near(exact(x).x));
    expect(numbers(kept.weight)).toEqual(plain.map((g, i) => expect.closeTo(i % 3 === 1 ? g / 2 : 0, 4)));
  });

  it('refuses parts that do not fit', () => {
    expect(() => veloraLinear(at(1, [2, 6]), weight, null, at(1, [4]))).toThrow(/velora\/parts/);
    expect(() => veloraDirection(at(1, [2, 6]), 4)).toThrow(/velora\/parts/);
  });
});
