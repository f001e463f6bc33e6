import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../../src/index';
import * as f from '../../../../src/index';

const { tensor, valueAndGrad, sum } = f;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

// That each op's derivatives are right is a law: test/laws/ops.test.ts.

describe('valueAndGrad', () => {
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
