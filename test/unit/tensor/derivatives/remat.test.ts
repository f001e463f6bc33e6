import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { recordingTapes } from '../../../../src/tensor/tape';
import { at, functions, weighed } from '../functions';

const { memory, remat, scope, sum, tensor, valueAndGrad } = f;
type Tensor = f.Tensor;
const asItIs = <F>(g: F): F => g;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true, nonFinite: false });
});

describe('remat', () => {
  for (const [name, g] of Object.entries(functions)) {
    it(`${name}: value, gradient and Hessian-vector product are those of the function, bit for bit`, () => {
      const [x, v] = [at(3, [3, 4]), at(8, [3, 4])];
      const all = (loss: (x: Tensor) => Tensor): number[][] => {
        const { value, grads } = valueAndGrad(loss)(x);
        return [numbers(value), numbers(grads), numbers(f.hvp(loss)(x, v))];
      };
      const plain = all(weighed(g));
      expect(all(weighed(remat(g)))).toEqual(plain);
      expect(all(remat(weighed(g)))).toEqual(plain);
      expect(all(remat(weighed(remat(g))))).toEqual(plain);
      expect(memory().tensors).toBe(0);
    });
  }

  it('gives gradients to what the function closes over, also to results of other ops and through nesting', () => {
    const [w, b, x] = [tensor([2, 3]), tensor([5, 7]), tensor([1, 4])];
    const loss = (wrap: typeof remat): Tensor => {
      const scaled = f.exp(b); // tracked, and not a parameter
      const inner = wrap((y: Tensor) => f.mul(f.tanh(f.mul(y, w)), scaled));
      const outer = wrap((y: Tensor) => f.add(inner(f.mul(y, b)), f.square(f.mul(w, y))));
      return sum(f.add(outer(x), f.mul(w, scaled)));
    };
    const gradients = (wrap: typeof remat) => valueAndGrad(() => loss(wrap), { w, b, x }).grads;
    const [actual, expected] = [gradients(remat), gradients(asItIs)];
    for (const path of ['w', 'b', 'x'] as const) expect(numbers(actual[path])).toEqual(numbers(expected[path]));
    const squaredNorm = (wrap: typeof remat) => () => {
      const { grads } = valueAndGrad(() => loss(wrap), { w, b });
      return f.add(sum(f.square(grads.w)), sum(f.square(grads.b)));
    };
    const second = (wrap: typeof remat): number[][] =>
      Object.values(valueAndGrad(squaredNorm(wrap), { w, b, x }).grads).map(numbers);
    expect(second(remat)).toEqual(second(asItIs));
    expect(memory().tensors).toBe(0);
  });

  it('a function that is handed on, or uses an argument twice, or none', () => {
    const x = tensor([1, 2, 3]);
    const slope = (g: (x: Tensor) => Tensor): number[] => numbers(f.grad((y) => sum(f.mul(remat(g)(y), y)))(x));
    expect(slope((y) => y)).toEqual([2, 4, 6]);
    expect(slope(() => x)).toEqual([2, 4, 6]);
    expect(slope((y) => remat((z: Tensor) => z)(y))).toEqual([2, 4, 6]);
    expect(slope(() => tensor([5, 6, 7]))).toEqual([5, 6, 7]);
    const both = (g: (a: Tensor, b: Tensor) => Tensor): number[] => numbers(f.grad((y) => sum(remat(g)(y, y)))(x));
    expect(both((a, b) => f.mul(f.mul(a, b), x))).toEqual([3, 12, 27]);
    expect(both((a) => f.square(a))).toEqual([2, 4, 6]);
  });

  it('several results, in arrays and records, with constants among them', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const parts = remat((y: Tensor, power: number) => ({
      list: [f.square(y), f.sum(y, { axis: 0 })],
      ids: f.argmax(y, { axis: 1 }),
      last: f.pow(y, power),
      text: 'and',
    }));
    const used = (from: typeof parts) => (y: Tensor) => {
      const { list, ids, last, text } = from(y, 3);
      expect(text).toBe('and');
      const [squares, sums] = list as [Tensor, Tensor];
      return f.add(f.add(sum(f.mul(squares, sums)), sum(last)), sum(f.gather(y, ids)));
    };
    // y²·Σy: 2y·(Σ of its column) + Σ of the squares of its column; 3y²; the row 1 twice
    expect(numbers(f.grad(used(parts))(x))).toEqual([8 + 10 + 3, 24 + 20 + 12, 24 + 10 + 27 + 2, 48 + 20 + 48 + 2]);
    expect(numbers(f.grad((y) => sum(parts(y, 1).list[1] as Tensor))(x))).toEqual([1, 1, 1, 1]);
    expect(numbers(parts(x, 2).last)).toEqual([1, 4, 9, 16]); // outside of derivatives as well
    const only = remat((y: Tensor) => [f.argmax(y, { axis: 1 })]);
    expect(numbers(f.grad((y) => sum(f.gather(y, only(y)[0] as Tensor)))(x))).toEqual([0, 0, 2, 2]);
    expect(memory().tensors).toBe(0);
  });

  it('keeps the inputs and outputs of its parts, and not what is between', () => {
    const peak = (wrap: typeof remat): number => {
      const part = wrap((y: Tensor) => Array.from({ length: 10 }).reduce<Tensor>((z) => f.tanh(z), y));
      f.backend().resetPeak();
      const chain = (y: Tensor): Tensor => sum(Array.from({ length: 10 }).reduce<Tensor>((z) => part(z), y));
      expect(numbers(valueAndGrad(chain)(f.ones([1000])).grads)).toHaveLength(1000);
      return memory().peakBytes / 4000; // in tensors of the chain
    };
    expect(peak(asItIs)).toBeGreaterThan(100);
    // 10 boundaries, one part of 10, the argument, and a few cotangents
    expect(peak(remat)).toBeLessThan(10 + 10 + 8);
  });

  it('stopGradient, noGrad and debug do inside what they do outside', () => {
    const [x, w] = [tensor([1, 2]), tensor([3, 5])];
    const g = remat((y: Tensor) =>
      f.add(
        f.mul(f.stopGradient(f.mul(y, w)), y),
        f.noGrad(() => f.mul(y, w)),
      ),
    );
    const { grads } = valueAndGrad(() => sum(g(x)), { x, w });
    expect([numbers(grads.x), numbers(grads.w)]).toEqual([
      [3, 10],
      [0, 0],
    ]);
    f.debug({ nonFinite: true });
    const bad = remat((y: Tensor) => f.log(f.sub(y, 2)));
    expect(() => f.grad((y) => sum(bad(y)))(x)).toThrow('log made a tensor [2] made by log whose element 0');
    expect(memory().tensors).toBe(0);
    expect(recordingTapes()).toEqual([]);
  });

  it('a derivative inside the function, of what it closes over as well', () => {
    const [x, w] = [tensor([1, 2]), tensor([3, 5])];
    const energy = (y: Tensor): Tensor => sum(f.mul(f.square(y), f.square(w)));
    const inside = (wrap: typeof remat) => () => {
      const force = wrap((y: Tensor) => f.add(f.grad((v) => sum(f.mul(f.exp(v), y)))(w), f.grad(energy)(y)));
      return sum(f.square(force(f.square(x))));
    };
    const gradients = (wrap: typeof remat) => valueAndGrad(inside(wrap), { x, w }).grads;
    const [expected, actual] = [gradients(asItIs), gradients(remat)];
    expect(numbers(actual.x)).toEqual(numbers(expected.x));
    expect(numbers(actual.w)).toEqual(numbers(expected.w));
    expect(x.value.tracks).toBe(null);
    expect(w.value.tracks).toBe(null);
  });

  it('an argument may be assigned to before the backward pass; a captured parameter may not', () => {
    const p = tensor([1, 2]);
    const cube = (y: Tensor): Tensor => f.mul(f.square(y), y);
    const assigned = (g: () => Tensor) => () => {
      const y = sum(g());
      f.applyUpdates({ p }, { p: tensor([10, 10]) });
      return y;
    };
    expect(
      numbers(
        valueAndGrad(
          assigned(() => remat(cube)(p)),
          { p },
        ).grads.p,
      ),
    ).toEqual([3, 12]);
    expect(numbers(p)).toEqual([11, 12]);
    const captured = (): unknown => valueAndGrad(assigned(remat(() => cube(p))), { p });
    expect(captured).toThrow(expect.objectContaining({ code: 'remat/replay' }));
    expect(recordingTapes()).toEqual([]);
    expect(p.value.tracks).toBe(null);
  });

  it('refuses a function that reads other tensors the second time', () => {
    const [x, w] = [tensor([1, 2]), tensor([3, 5])];
    let runs = 0;
    const moody = remat((y: Tensor) => f.mul(y, runs++ > 0 ? w : y));
    const message = 'a tensor [2] made by tensor was read in one of the two runs only';
    expect(() => valueAndGrad(() => sum(moody(x)), { x, w })).toThrow(message);
    expect(() => remat(async (y: Tensor) => y)(x)).toThrow(expect.objectContaining({ code: 'scope/async' }));
    expect(memory().tensors).toBe(0);
  });

  it('outside of derivatives it is the function, in a scope', () => {
    const x = tensor([1, 2]);
    scope(() => {
      const before = memory().tensors;
      const y = remat((z: Tensor) => f.exp(f.square(z)))(x);
      expect(memory().tensors).toBe(before + 1);
      expect(numbers(y)[0]).toBeCloseTo(Math.E, 5);
    });
  });

  it('a GPT whose blocks are rematerialised has the same gradients', () => {
    const model = new f.GPT({ vocabularySize: 5, context: 4, width: 8, heads: 2, layers: 2, key: f.random.key(1) });
    const ids = tensor([[0, 3, 1, 4]], { dtype: 'int32' });
    const params = model.parameters();
    const loss = (): Tensor => f.crossEntropy(model.forward(ids), ids);
    const total = (l: () => Tensor) => () => sum(l());
    const plain = valueAndGrad(total(loss), params);
    const again = valueAndGrad(total(remat(loss)), params);
    for (const path of Object.keys(params)) {
      expect(numbers(again.grads[path] as Tensor)).toEqual(numbers(plain.grads[path] as Tensor));
    }
  });
});
