import { describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';

type Tensor = f.Tensor;
const { grad, memory, mul, sum, tensor, valueAndGrad } = f;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

/** Σ w·x + b, times n. */
const line = (p: { w: Tensor; b: Tensor }, x: Tensor, n = 1): Tensor => sum(f.add(mul(p.w, x), p.b)).mul(n);
const at = (): [{ w: Tensor; b: Tensor }, Tensor] => [{ w: tensor([1, 2]), b: tensor(3) }, tensor([4, 5])];

describe('grad and valueAndGrad of several arguments', () => {
  it('take the first one, in its structure, and hand on the rest', () => {
    const [p, x] = at();
    const { value, grads } = valueAndGrad(line)(p, x, 10);
    expect(numbers(value)).toEqual([10 * (4 + 10 + 6)]);
    expect(numbers(grads.w)).toEqual([40, 50]);
    expect(numbers(grads.b)).toEqual([20]);
    expect(Object.keys(grads)).toEqual(['w', 'b']);
  });

  it('take those that `of` names', () => {
    const [p, x] = at();
    expect(numbers(grad(line, { of: 1 })(p, x))).toEqual([1, 2]);
    const [second, first] = grad(line, { of: [1, 0] })(p, x);
    expect(numbers(second)).toEqual([1, 2]);
    expect(numbers(first.b)).toEqual([2]);
    expect(grad(line, { of: [] })(p, x)).toEqual([]);
    const { grads, aux } = valueAndGrad((a: Tensor, b: Tensor) => ({ loss: sum(mul(a, b)), aux: f.add(a, b) }), {
      of: [0, 1],
    })(x, tensor([6, 7]));
    expect(grads.map(numbers)).toEqual([
      [6, 7],
      [4, 5],
    ]);
    expect(numbers(aux as Tensor)).toEqual([10, 12]);
  });

  it('give one tensor in two places two derivatives, of every order', () => {
    const x = tensor([2, 3]);
    const cube = (a: Tensor, b: Tensor): Tensor => sum(mul(f.square(a), b));
    expect(numbers(grad(cube)(x, x))).toEqual([8, 18]); // 2ab, and not 3x²
    expect(grad(cube, { of: [1, 0] })(x, x).map(numbers)).toEqual([
      [4, 9],
      [8, 18],
    ]);
    expect(grad((list: [Tensor, Tensor]) => cube(...list))([x, x]).map(numbers)).toEqual([
      [8, 18],
      [4, 9],
    ]);
    expect(numbers(f.hvp((y) => cube(y, y))(x, f.ones([2])))).toEqual([12, 18]); // 6x
    expect(numbers(grad((y) => sum(grad(cube)(y, y)))(x))).toEqual([8, 12]); // d/dy 2y²
  });

  it('leave a record with a parameter called `of` a record', () => {
    const of = tensor([2, 3]);
    expect(numbers(valueAndGrad(() => sum(f.square(of)), { of }).grads.of)).toEqual([4, 6]);
  });

  it('free everything but the results', () => {
    const [p, x] = at();
    const before = memory();
    f.scope(() => {
      const outside = memory().tensors;
      const { value, grads } = valueAndGrad(line)(p, x);
      expect([value, grads.w, grads.b].length).toBe(memory().tensors - outside);
    });
    expect(memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });

  it('refuse what has no derivative, in the name of the call', () => {
    const [p, x] = at();
    const js = grad as unknown as (...args: unknown[]) => (...args: unknown[]) => unknown;
    const refused: [RegExp, () => unknown][] = [
      [/arguments\/tensor\] grad got undefined/, () => js(line)()],
      [/arguments\/tensor\] grad got 1 /, () => js(line, { of: 2 })(p, x, 1)],
      [/arguments\/tensor\] grad got 'q'|arguments\/tensor\] grad got "q"/, () => js(line)({ ...p, q: 'q' }, x)],
      [/dtype\/float32\] grad got/, () => js(line)({ ...p, n: tensor([1], { dtype: 'int32' }) }, x)],
      [/options\/range\] grad got of = -1/, () => js(line, { of: -1 })],
      [/options\/unknown\] grad got the option "off"/, () => js(line, { off: 1 })],
      [/arguments\/tensor\] valueAndGrad at params\["off"\]/, () => valueAndGrad(() => x, { off: 1 } as never)],
      [/arguments\/count\] valueAndGrad got 3/, () => valueAndGrad(() => x, { of: 0 } as never, { sink: () => {} })],
    ];
    for (const [message, call] of refused) expect(call).toThrow(message);
    expect(memory().tensors).toBe(0);
  });
});
