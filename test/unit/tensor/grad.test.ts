import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../src/index';
import * as f from '../../../src/index';
import { at, functions, weighed } from './functions';

const { tensor, valueAndGrad, hvp, sum, mul } = f;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

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

  it('says what is wrong with a function that returns no scalar', () => {
    const x = tensor([1, 2]);
    const refused = (f: (y: Tensor) => unknown): string => {
      try {
        valueAndGrad(f as (y: Tensor) => Tensor)(x);
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing';
    };
    expect(refused((y) => y)).toMatch(/^\[grad\/scalar\] valueAndGrad got a loss \[2\] of dtype float32/);
    expect(refused(() => undefined)).toMatch(/^\[grad\/scalar\] valueAndGrad got a loss undefined/);
    expect(refused(() => ({ loss: 3 }))).toMatch(/^\[grad\/scalar\] valueAndGrad got a loss number/);
    expect(refused(async (y) => sum(y))).toMatch(/^\[scope\/async\] valueAndGrad/);
    expect(f.memory().tensors).toBe(0);
  });

  it('third derivatives of x⁴ are 24x', () => {
    const fourth = (y: Tensor): Tensor => sum(f.square(f.square(y)));
    const third = f.grad((y) => f.grad((z) => f.grad(fourth)(z))(y))(tensor(2));
    expect(numbers(third)[0]).toBeCloseTo(48, 3);
  });
});
