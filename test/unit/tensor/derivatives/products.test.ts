import { afterAll, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import golden from '../../../golden/derivatives.json';

type Tensor = f.Tensor;
const { hessian, jacobian, jvp, memory, sum, tensor, vjp } = f;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const of = ({ values, shape }: { values: number[]; shape: number[] }): Tensor => tensor(values, { shape });
const home = f.backend();

function close(actual: Tensor, { values, shape }: { values: number[]; shape: number[] }): void {
  expect(actual.shape).toEqual(shape);
  const scale = Math.max(1, ...values.map(Math.abs));
  for (const [i, a] of numbers(actual).entries())
    expect(Math.abs(a - (values[i] as number))).toBeLessThan(1e-5 * scale);
}

for (const [backend, make] of Object.entries({ reference: f.referenceBackend, wasm: f.wasmBackend })) {
  describe(`on ${backend}, as torch.autograd.functional has it`, () => {
    afterAll(() => f.setBackend(home));
    const start = () => {
      f.setBackend(make());
      return { x: of(golden.x), v: of(golden.v), u: of(golden.u), w: of(golden.w), b: of(golden.b) };
    };
    const maps: Record<keyof typeof golden.maps, (given: { w: Tensor; b: Tensor }) => (x: Tensor) => Tensor> = {
      'tanh of a product':
        ({ w }) =>
        (x) =>
          x.matmul(w).tanh(),
      'softmax of a product with itself': () => (x) => x.matmul(x, { transposeB: true }).softmax(),
      'layer norm':
        ({ w }) =>
        (x) =>
          f.layerNorm(x, f.ones([3]), f.zeros([3])).matmul(w),
      gelu:
        ({ w, b }) =>
        (x) =>
          x.matmul(w).gelu().mul(b),
    };
    const scalars: Record<keyof typeof golden.scalars, (given: { w: Tensor }) => (x: Tensor) => Tensor> = {
      'sum of exp':
        ({ w }) =>
        (x) =>
          x.matmul(w).exp().sum(),
      'log-sum-exp':
        ({ w }) =>
        (x) =>
          x.matmul(w).logSumExp({ axis: -1 }).sum(),
      cubes: () => (x) => sum(x.mul(x).mul(x)).mul(x.slice([0, 0], [1, 1]).reshape([])),
    };

    it.each(Object.entries(maps))('vjp, jvp and Jacobian of %s', (name, at) => {
      const { x, v, u, ...rest } = start();
      const expected = golden.maps[name as keyof typeof golden.maps];
      const g = at(rest);
      const { value, tangent } = jvp(g, x, v);
      close(value, expected.value);
      close(tangent, expected.jvp);
      close(vjp(g, x).pull(u)[0], expected.vjp);
      close(jacobian(g)(x), expected.jacobian);
      close(jvp(f.remat(g), x, v).tangent, expected.jvp);
    });

    it.each(Object.entries(scalars))('Hessian of %s', (name, at) => {
      const { x, v, ...rest } = start();
      const expected = golden.scalars[name as keyof typeof golden.scalars];
      const g = at(rest);
      close(hessian(g)(x), expected.hessian);
      close(jacobian(f.grad(g))(x), expected.hessian);
      close(jvp(f.grad(g), x, v).tangent, expected.hvp);
      close(f.grad((y) => sum(f.mul(vjp(g, y).pull(tensor(1))[0], v)))(x), expected.hvp);
    });
  });
}

describe('vjp', () => {
  const x = tensor([1, 2, 3]);

  it('pulls back as often as one likes, and leaves nothing behind', () => {
    const before = memory();
    const { value, pull } = vjp((a: Tensor, p: { b: Tensor }) => f.mul(f.exp(a), p.b), x, { b: tensor([1, 0, 2]) });
    expect(numbers(value)[2]).toBeCloseTo(2 * Math.exp(3), 4);
    for (const scale of [1, 2, 1]) {
      const [a, { b }] = pull(f.full([3], scale));
      expect(numbers(a)[1]).toBe(0);
      expect(numbers(b)[1]).toBeCloseTo(scale * Math.exp(2), 4);
    }
    f.scope(() => {
      const inner = vjp((y: Tensor) => y.square(), x);
      inner.pull(x);
    });
    expect(memory().bytes).toBe(before.bytes);
    expect(x.value.tracks).toBeNull();
  });

  it('leaves nothing behind when a pull throws on its way, and the next one is right', () => {
    let fails = true;
    const g = f.customVjp({
      forward: (y: Tensor) => [f.mul(y, 2), null],
      vjp: (c) => {
        if (fails) throw new Error('not now');
        return [f.mul(c, 2)];
      },
    });
    const { pull } = vjp((y: Tensor) => g(y).square(), x);
    expect(() => pull(f.ones([3]))).toThrow('not now');
    fails = false;
    expect(numbers(pull(f.ones([3]))[0])).toEqual([8, 16, 24]);
    expect(memory().tensors).toBe(0);
  });

  it('of a function that returns an argument or a constant', () => {
    const same = vjp((y: Tensor) => y, x);
    expect(numbers(same.pull(x)[0])).toEqual([1, 2, 3]);
    expect(numbers(vjp((_: Tensor) => x, tensor([5, 6])).pull(x)[0])).toEqual([0, 0]);
    expect(numbers(jvp(() => x, tensor([5, 6]), f.ones([2])).tangent)).toEqual([0, 0, 0]);
    expect(numbers(jacobian((y) => y)(x))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it('counts one tensor in two places as two arguments', () => {
    const [a, b] = vjp((p: Tensor, q: Tensor) => f.mul(f.square(p), q), x, x).pull(f.ones([3]));
    expect(numbers(a)).toEqual([2, 8, 18]);
    expect(numbers(b)).toEqual([1, 4, 9]);
  });

  it('says that its scope is over, or that a parameter was assigned', () => {
    const gone = f.scope(() => {
      const { pull } = vjp((y: Tensor) => f.exp(y).square(), x);
      return () => pull(f.ones([3]));
    });
    expect(gone).toThrow(/^\[vjp\/over\] pull got to a tensor \[3\] made by \w+, which was freed by scope/);
    const w = tensor([2]);
    f.applyUpdates({ w }, { w: tensor([1]) });
    const { pull } = vjp((y: Tensor) => f.square(y), w);
    f.applyUpdates({ w }, { w: tensor([1]) });
    expect(() => pull(f.ones([1]))).toThrow(/vjp\/over.*assignment/);
    expect(() => vjp(f.square, x).pull(f.ones([2]))).toThrow(/^\[vjp\/cotangent\] pull got a cotangent \[2\]/);
    const more = vjp(f.square, x).pull as (...more: unknown[]) => unknown;
    expect(() => more(x, 1)).toThrow(/arguments\/count\] pull got 2/);
  });

  it('stays right while a loop of other derivatives goes on, and under one of them', () => {
    const { pull, value } = vjp((y: Tensor) => f.square(y), x);
    const other = f.grad((y) => sum(f.mul(f.square(y), value)))(x);
    expect(numbers(other)).toEqual([2, 16, 54]);
    // d/dc of Σ 2x·c·c
    expect(numbers(f.grad((c) => sum(f.mul(pull(c)[0], c)))(f.ones([3])))).toEqual([4, 8, 12]);
  });
});

describe('jvp, jacobian and hessian', () => {
  it('take arguments in a structure, and refuse directions in another', () => {
    const at = { w: tensor([[1, 2]]), more: [tensor(3)] };
    const v = { w: tensor([[10, 0]]), more: [tensor(1)] };
    const { tangent } = jvp((p: typeof at) => f.mul(f.square(p.w), p.more[0] as Tensor), at, v);
    expect(numbers(tangent)).toEqual([2 * 1 * 3 * 10 + 1, 4]);
    const refused = (wrong: unknown) => () => jvp((y: Tensor) => y, tensor([1, 2]), wrong as Tensor);
    expect(refused(tensor([1]))).toThrow(/^\[jvp\/shapes\] jvp got x \[2\] and v \[1\]/);
    expect(refused([tensor([1, 2]), tensor(1)])).toThrow(/^\[jvp\/shapes\]/);
  });

  it('have the shapes of zero elements', () => {
    const before = memory().tensors;
    const none = f.zeros([0, 3]);
    expect(jacobian(f.square)(none).shape).toEqual([0, 3, 0, 3]);
    expect(jacobian((y) => y.slice([0], [0]))(tensor([1, 2])).shape).toEqual([0, 2]);
    expect(jacobian((y) => sum(y, { axis: 0 }))(none).shape).toEqual([3, 0, 3]);
    expect(hessian((y) => sum(f.square(y)))(none).shape).toEqual([0, 3, 0, 3]);
    expect(jvp(f.square, none, none).tangent.shape).toEqual([0, 3]);
    expect(memory().tensors).toBe(before);
  });

  it('name a function that returns no tensor, or the wrong one', () => {
    const before = memory().tensors;
    const x = tensor([1, 2]);
    const wrong = (returned: unknown) => (_: Tensor) => returned as Tensor;
    expect(() => jacobian(wrong(3))(x)).toThrow(/^\[derivative\/output\] jacobian got 3 from f/);
    expect(() => vjp(wrong(tensor([1], { dtype: 'int32' })), x)).toThrow(
      /derivative\/output\] vjp got a tensor of dtype/,
    );
    expect(() => jvp(wrong(undefined), x, x)).toThrow(/derivative\/output\] jvp/);
    expect(() => hessian((y) => y)(x)).toThrow(/^\[grad\/scalar\] hessian got a loss \[2\]/);
    expect(() => jacobian((async (y: Tensor) => y) as never)(x)).toThrow(/scope\/async\] jacobian/);
    expect(() => vjp(f.square, 3 as unknown as Tensor)).toThrow(/arguments\/tensor\] vjp got 3/);
    expect(memory().tensors).toBe(before);
  });
});
