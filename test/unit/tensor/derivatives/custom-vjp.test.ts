import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { recordingTapes } from '../../../../src/tensor/tape';

const { customVjp, memory, sum, tensor, valueAndGrad } = f;
type Tensor = f.Tensor;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const code = (wanted: string) => expect.objectContaining({ code: wanted });

let x: Tensor;
beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true, nonFinite: false });
  x = tensor([1, 2, 3]);
});

describe('customVjp', () => {
  it('uses the given rule and not that of the ops in forward', () => {
    const straightThrough = customVjp({
      forward: (y: Tensor) => [f.sign(y), null],
      vjp: (g) => [f.mul(g, 10)],
    });
    const { value, grads } = valueAndGrad((y) => sum(f.mul(straightThrough(y), tensor([1, 2, 3]))))(x);
    expect([numbers(value), numbers(grads)]).toEqual([[6], [10, 20, 30]]);
    expect(numbers(straightThrough(x))).toEqual([1, 1, 1]); // outside of derivatives as well
    expect(memory().tensors).toBe(0);
  });

  it('takes several arguments, one of them twice, and null for no gradient', () => {
    const product = customVjp({
      forward: (a: Tensor, b: Tensor, ids: Tensor) => [f.mul(a, b), { a, b, n: ids.size }],
      vjp: (g, { a, b }) => [f.mul(g, b), f.mul(g, a), null],
    });
    const ids = tensor([0, 1], { dtype: 'int32' });
    const y = tensor([5, 6, 7]);
    const { grads } = valueAndGrad(() => sum(product(x, y, ids)), { x, y });
    expect([numbers(grads.x), numbers(grads.y)]).toEqual([numbers(y), numbers(x)]);
    expect(numbers(f.grad((z) => sum(product(z, z, ids)))(x))).toEqual([2, 4, 6]);
  });

  it('a rule may return one tensor for two arguments, and what it got: each lives on its own', () => {
    const rules: Record<string, (g: Tensor) => readonly Tensor[]> = {
      'one new tensor': (g) => {
        const both = f.mul(g, 2);
        return [both, both, f.mul(g, 2)];
      },
      'what it got, twice': (g) => [g, g, g],
    };
    for (const [name, vjp] of Object.entries(rules)) {
      const three = customVjp({ forward: (a: Tensor, b: Tensor, c: Tensor) => [f.add(f.add(a, b), c), null], vjp });
      const p = { a: tensor([1, 2]), b: tensor([3, 4]), c: tensor([5, 6]) };
      // a and b are used once more each, so that their cotangents are added to and freed at different times
      const loss = (): Tensor => {
        const [a, b, c] = [f.mul(p.a, 1), f.mul(p.b, 1), f.mul(p.c, 1)];
        return sum(f.add(three(f.mul(a, 3), f.mul(b, 5), c), f.add(a, f.mul(b, 2))));
      };
      const { grads } = valueAndGrad(loss, p);
      const k = name.startsWith('one') ? 2 : 1;
      const all = [grads.a, grads.b, grads.c].map((t) => Array.from(t.dataSync()));
      expect(all, name).toEqual([
        [3 * k + 1, 3 * k + 1],
        [5 * k + 2, 5 * k + 2],
        [k, k],
      ]);
    }
  });

  it('the identity with a clipped gradient: the output may be an argument', () => {
    const tame = customVjp({ forward: (y: Tensor) => [y, null], vjp: (g) => [f.clip(g, -1, 1)] });
    expect(numbers(f.grad((y) => sum(f.mul(tame(y), tensor([5, -5, 0.5]))))(x))).toEqual([1, -1, 0.5]);
    expect(numbers(f.grad((y) => sum(tame(tame(y))))(x))).toEqual([1, 1, 1]);
  });

  /** x⁴ + x, with what its vjp needs saved in three ways. */
  const quartics: Record<string, (y: Tensor) => Tensor> = {
    'an argument': customVjp({
      forward: (y: Tensor) => [f.square(f.square(y)), y],
      vjp: (g, y) => [f.mul(g, f.mul(4, f.mul(f.square(y), y)))],
    }),
    'an intermediate': customVjp({
      forward: (y: Tensor) => {
        const cube = f.mul(f.square(y), y);
        return [f.mul(cube, y), [cube]];
      },
      vjp: (g, [cube]) => [f.mul(g, f.mul(4, cube as Tensor))],
    }),
    'the output': customVjp({
      forward: (y: Tensor) => {
        const fourth = f.square(f.square(y));
        return [fourth, { fourth, y }];
      },
      vjp: (g, { fourth, y }) => [f.mul(g, f.div(f.mul(4, fourth), y))],
    }),
  };
  for (const [saved, quartic] of Object.entries(quartics)) {
    it(`derivatives up to the third are right when ${saved} is saved`, () => {
      const total = (y: Tensor): Tensor => sum(quartic(y));
      const derivative = (h: (y: Tensor) => Tensor) => (y: Tensor) => sum(f.grad(h)(y));
      const near = (actual: Tensor, expected: number[]): void => {
        for (const [i, a] of numbers(actual).entries()) expect(a).toBeCloseTo(expected[i] as number, 3);
      };
      near(f.grad(total)(x), [4, 32, 108]);
      near(f.grad(derivative(total))(x), [12, 48, 108]);
      near(f.grad(derivative(derivative(total)))(x), [24, 48, 72]);
      near(f.hvp((y) => total(f.square(y)))(x, f.ones([3])), [56, 56 * 64, 56 * 729]);
      expect(memory().tensors).toBe(0);
    });
  }

  it('a saved output is differentiated by the rule, even where forward has no derivative', () => {
    const opaqueExp = customVjp({
      forward: (y: Tensor) => {
        const e = f.stopGradient(f.exp(y));
        return [e, e];
      },
      vjp: (g, e) => [f.mul(g, e)],
    });
    const second = f.grad((y) => sum(f.grad((z) => sum(opaqueExp(z)))(y)))(x);
    expect(numbers(second)).toEqual(numbers(f.exp(x)));
  });

  it('refuses a captured tensor that a derivative is being taken of, read or saved, but not a constant', () => {
    const [w, constant] = [tensor([2, 2, 2]), tensor([4, 4, 4])];
    const scaled = (by: () => Tensor): ((y: Tensor) => Tensor) =>
      customVjp({ forward: (y: Tensor) => [f.mul(y, by()), by()], vjp: (g, s) => [f.mul(g, s)] });
    const slope = (by: () => Tensor): number[] => numbers(valueAndGrad(() => sum(scaled(by)(x)), { x, w }).grads.x);
    expect(() => slope(() => w)).toThrow(code('custom-vjp/captured'));
    expect(() => slope(() => w)).toThrow('customVjp got a forward that uses a tensor [3] made by tensor');
    expect(slope(() => constant)).toEqual([4, 4, 4]);
    expect(slope(() => f.stopGradient(w))).toEqual([2, 2, 2]);
    expect(slope(() => f.noGrad(() => f.mul(w, 3)))).toEqual([6, 6, 6]);
    const saves = customVjp({ forward: (y: Tensor) => [f.exp(y), w], vjp: (g, s) => [f.mul(g, s)] });
    expect(() => valueAndGrad(() => sum(saves(x)), { x, w })).toThrow(code('custom-vjp/captured'));
    const returns = customVjp({ forward: () => [w, null], vjp: () => [] });
    expect(() => valueAndGrad(() => sum(returns()), { w })).toThrow(code('custom-vjp/captured'));
    const derived = (): unknown =>
      valueAndGrad(
        () => {
          const hidden = f.exp(w);
          return sum(scaled(() => hidden)(x)); // even where the argument itself is a constant
        },
        { w },
      );
    expect(derived).toThrow('uses a tensor [3] made by exp');
    const deep = f.remat((y: Tensor) => scaled(() => w)(y));
    expect(() => valueAndGrad(() => sum(deep(x)), { x, w })).toThrow(code('custom-vjp/captured'));
    expect(recordingTapes()).toEqual([]);
    expect(memory().tensors).toBe(0);
  });

  it('checks what forward and vjp return', () => {
    const returning = (grads: unknown) =>
      customVjp({ forward: (y: Tensor, _: Tensor) => [f.exp(y), null], vjp: () => grads as Tensor[] });
    const slope = (grads: unknown) => () => f.grad((y) => sum(returning(grads)(y, x)))(tensor([[1], [2]]));
    expect(slope([f.ones([2, 1]), null])().shape).toEqual([2, 1]);
    for (const wrong of [
      [f.ones([2, 1])],
      [f.ones([2]), null],
      [undefined, null],
      [tensor([[1], [2]], { dtype: 'int32' }), null],
      f.ones([2, 1]),
      undefined,
      Promise.resolve([null, null]),
    ]) {
      expect(slope(wrong)).toThrow(code('custom-vjp/grads'));
    }
    expect(slope([f.ones([2]), null])).toThrow('the gradients ([2] of dtype float32, null) from vjp; expected a list');
    const forward = (returned: unknown) => () =>
      customVjp({ forward: () => returned as [Tensor, null], vjp: () => [] })();
    expect(forward([x, null])().shape).toEqual([3]);
    for (const wrong of [x, [x], [1, null], undefined]) expect(forward(wrong)).toThrow(code('custom-vjp/forward'));
    expect(forward([tensor([1], { dtype: 'int32' }), null])).toThrow(code('dtype/float32'));
    expect(forward(Promise.resolve([x, null]))).toThrow(code('scope/async'));
    expect(memory().tensors).toBe(0);
  });

  it('holds saved values, also of a parameter that is assigned to later, and frees them once used', () => {
    const [p, scale] = [tensor([1, 2]), tensor([3, 4])];
    const step = customVjp({
      forward: (y: Tensor) => [f.mul(y, scale), { scale, deep: [f.exp(y)] }],
      vjp: (g, { scale: s, deep }) => [f.mul(f.mul(g, s), f.div(deep[0] as Tensor, deep[0] as Tensor))],
    });
    const { grads } = valueAndGrad(
      () => {
        const y = f.scope(() => sum(f.scope(() => step(p))));
        f.applyUpdates({ p, scale }, { p: tensor([10, 10]), scale: tensor([10, 10]) });
        return y;
      },
      { p },
    );
    expect(numbers(grads.p)).toEqual([3, 4]);
    expect(memory().tensors).toBe(2); // p and scale are resident now

    const alive: number[] = [];
    const squares = customVjp({
      forward: (y: Tensor) => [f.tanh(y), f.square(y)],
      vjp(g, s) {
        alive.push(memory().tensors);
        return [f.mul(g, s)];
      },
    });
    valueAndGrad((y) => sum(Array.from({ length: 50 }).reduce<Tensor>((z) => squares(z), y)))(f.zeros([1000]));
    expect(alive[0]).toBeGreaterThan(100); // an output and a saved value each
    expect(alive[49]).toBeLessThan(10);
  });

  it('inside remat, and remat inside it', () => {
    const twice = customVjp({ forward: (y: Tensor) => [f.mul(y, 2), null], vjp: (g) => [f.mul(g, 100)] });
    const inside = f.remat((y: Tensor) => twice(f.square(y)));
    expect(numbers(f.grad((y) => sum(inside(y)))(x))).toEqual([200, 400, 600]);
    const around = customVjp({
      forward: (y: Tensor) => [f.remat((z: Tensor) => f.exp(z))(y), y],
      vjp: (g, y) => [f.mul(g, f.remat((z: Tensor) => f.square(z))(y))],
    });
    expect(numbers(f.grad((y) => sum(around(y)))(x))).toEqual([1, 4, 9]);
    expect(numbers(f.hvp((y) => sum(around(y)))(x, f.ones([3])))).toEqual([2, 4, 6]);
  });
});
