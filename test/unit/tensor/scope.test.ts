import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../src/index';
import { recordingTapes } from '../../../src/tensor/tape';
import { runAlone } from './alone';

const { keep, memory, noGrad, scope, sum, tensor, valueAndGrad } = f;
type Tensor = f.Tensor;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const double = (x: Tensor): Tensor => f.mul(x, 2);

let x: Tensor;
beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true, nonFinite: false });
  x = tensor([1, 2, 3]);
});

describe('scope', () => {
  it('frees what is not returned, and finds what is in arrays, records and modules', () => {
    class Pair extends f.Module {
      constructor(
        readonly weight: Tensor,
        readonly parts: Tensor[],
      ) {
        super();
      }
      forward(): void {}
    }
    scope(() => {
      const result = scope(() => {
        double(double(x)); // two that die
        return { list: [double(x), [double(x)]], module: new Pair(double(x), [double(x)]), text: 'and', none: null };
      });
      expect(memory().tensors).toBe(4); // the copy of x on the device went with the scope that needed it
      const { list, module } = result as unknown as { list: [Tensor, [Tensor]]; module: Pair };
      for (const t of [list[0], list[1][0], module.weight, ...module.parts]) expect(numbers(t)).toEqual([2, 4, 6]);
    });
    expect(memory().tensors).toBe(0);
  });

  it('hands survivors to the enclosing scope, which frees them', () => {
    let inner!: Tensor;
    scope(() => {
      inner = scope(() => double(x));
      expect(numbers(inner)).toEqual([2, 4, 6]);
    });
    expect(() => inner.dataSync()).toThrow('freed by scope');
    expect(memory().tensors).toBe(0);
  });

  it('keep takes a tensor out of every scope', () => {
    let kept!: Tensor;
    scope(() => {
      scope(() => {
        kept = keep(double(x));
      });
    });
    expect(memory().tensors).toBe(0);
    expect(numbers(double(kept))).toEqual([4, 8, 12]);
    expect(keep(kept)).toBe(kept);
  });

  it('what leaves the outermost scope is ordinary memory: readable and an operand, in scopes and outside', async () => {
    const y = scope(() => double(x));
    expect(memory()).toMatchObject({ tensors: 0, bytes: 0 });
    expect(await y.array()).toEqual([2, 4, 6]);
    expect(numbers(f.add(x, y))).toEqual([3, 6, 9]);
    expect(numbers(scope(() => f.add(x, double(y))))).toEqual([5, 10, 15]);
    expect(memory()).toMatchObject({ tensors: 0, bytes: 0 });
  });

  it('views outlive their source, and sources their views', () => {
    scope(() => {
      const view = scope(() => f.reshape(double(x), [3, 1]));
      const source = double(x);
      scope(() => f.reshape(source, [1, 3]) && undefined);
      const noise = f.ones([3]); // takes the memory of whatever was freed by mistake
      expect(numbers(f.add(f.reshape(view, [3]), noise))).toEqual([3, 5, 7]);
      expect(numbers(source)).toEqual([2, 4, 6]);
    });
    expect(memory().tensors).toBe(0);
  });

  it('an exception frees everything and passes through', () => {
    const fail = (): never => {
      double(x);
      throw new Error('mine');
    };
    expect(() => scope(() => scope(fail))).toThrow('mine');
    expect(() => valueAndGrad((y) => f.add(sum(f.exp(y)), scope(fail)))(x)).toThrow('mine');
    expect(() => f.grad((y) => sum(f.grad(() => fail())(y)))(x)).toThrow('mine');
    expect(memory()).toMatchObject({ tensors: 0, bytes: 0 });
    expect(recordingTapes()).toEqual([]);
  });

  it('refuses async functions, and frees what they made', () => {
    expect(() => scope(async () => double(x))).toThrow(expect.objectContaining({ code: 'scope/async' }));
    expect(() => noGrad(() => Promise.resolve(1))).toThrow(expect.objectContaining({ code: 'scope/async' }));
    expect(memory().tensors).toBe(0);
  });

  it('a use after free names the tensor, the op and the scope', () => {
    let gone!: Tensor;
    noGrad(() => {
      gone = f.reshape(f.square(x), [3, 1]);
    });
    const message = 'add got a tensor [3, 1] made by reshape, which was freed by noGrad';
    expect(() => f.add(gone, 1)).toThrow(expect.objectContaining({ code: 'scope/freed' }));
    expect(() => f.add(gone, 1)).toThrow(message);
    let inside!: Tensor;
    valueAndGrad((y) => {
      inside = f.exp(y);
      return sum(inside);
    })(x);
    expect(() => inside.dataSync()).toThrow('made by exp, which was freed by the backward pass');
  });

  it('on the way out, the error of a freed tensor rejects data()', async () => {
    let gone!: Tensor;
    scope(() => {
      gone = double(x);
    });
    await expect(gone.data()).rejects.toMatchObject({ code: 'scope/freed' });
  });
});

describe('tapes and scopes', () => {
  it('an inner scope hands what the tape needs to the scope of the tape', () => {
    const cube = (y: Tensor): Tensor =>
      scope(() =>
        f.mul(
          scope(() => f.square(y)),
          y,
        ),
      );
    const { value, grads } = valueAndGrad((y) => sum(cube(y)))(x);
    expect([numbers(value), numbers(grads)]).toEqual([[36], [3, 12, 27]]);
    expect(memory().tensors).toBe(0);
  });

  it('an inner tape leaves to the outer one what that still needs', () => {
    const quartic = (y: Tensor): Tensor => sum(f.square(f.square(y)));
    const slope = (y: Tensor): Tensor => scope(() => f.grad(quartic)(y)); // 4x³
    expect(numbers(f.grad((y) => sum(slope(y)))(x))).toEqual([12, 48, 108]);
    expect(numbers(f.grad((y) => sum(f.grad((z) => sum(slope(z)))(y)))(x))).toEqual([24, 48, 72]);
    expect(memory().tensors).toBe(0);
  });

  it('a backward pass leaves alone what an older scope owns, also where its steps have saved it', () => {
    const result = scope(() => {
      const batch = f.square(x); // of this scope, not of the one of the derivative
      const weight = double(x);
      const loss = (): Tensor => sum(f.mul(f.exp(f.mul(weight, 0)), f.mul(batch, weight)));
      const first = valueAndGrad(loss, { weight });
      const again = valueAndGrad(loss, { weight });
      expect(numbers(again.grads.weight)).toEqual(numbers(first.grads.weight));
      expect([numbers(batch), numbers(weight)]).toEqual([
        [1, 4, 9],
        [2, 4, 6],
      ]);
      return again.grads.weight;
    });
    expect(numbers(result)).toEqual([1, 4, 9]);
    expect(memory().tensors).toBe(0);
  });

  it('what an inner derivative has saved first stays for the outer one that needs it as well', () => {
    const w = tensor([3, 5, 7]);
    const outer = valueAndGrad(
      () => {
        const inner = valueAndGrad((z) => {
          const twice = double(z); // saved by the tape of this derivative …
          return sum(f.mul(f.square(twice), f.square(w))); // … and then read by a step of both
        })(x);
        return f.add(sum(inner.grads), inner.value); // 8·z·w² and 4·z²·w²
      },
      { w },
    );
    expect(numbers(outer.grads.w)).toEqual([16 * 3 + 8 * 3, 16 * 10 + 8 * 20, 16 * 21 + 8 * 63]); // 16·z·w + 8·z²·w
    expect(memory().tensors).toBe(0);
  });

  it('what only the inner tape needed is freed with it', () => {
    valueAndGrad((y) => {
      const before = memory().tensors;
      noGrad(() => f.grad((z) => sum(f.exp(f.square(z))))(y) && undefined);
      expect(memory().tensors).toBe(before);
      return sum(f.square(y));
    })(f.square(x));
  });

  it('aux survives, also when the backward pass needs it or it is the loss', () => {
    const { value, grads, aux } = valueAndGrad((y) => {
      const hidden = f.exp(y);
      const loss = sum(f.square(hidden));
      return { loss, aux: { hidden, list: [loss], untracked: tensor([7]) } };
    })(tensor([0, 0]));
    const { hidden, list, untracked } = aux as { hidden: Tensor; list: [Tensor]; untracked: Tensor };
    expect([value, grads, hidden, list[0], untracked].map(numbers)).toEqual([[2], [2, 2], [1, 1], [2], [7]]);
    expect(memory().tensors).toBe(0);
  });

  it('frees activations during the backward pass: a deep chain needs no second copy of itself', () => {
    f.backend().resetPeak();
    const depth = 50;
    const chain = (y: Tensor): Tensor => sum(Array.from({ length: depth }).reduce<Tensor>((z) => f.tanh(z), y));
    valueAndGrad(chain)(f.zeros([1000]));
    expect(memory().peakBytes).toBeLessThan((depth + 8) * 4000);
  });

  it('a long-lived tensor does not hold on to the gradients that were taken of it', async () => {
    const script = new URL('collector-scripts.ts', import.meta.url).pathname;
    expect(await runAlone(script, 'gradientOfLongLived', ['--expose-gc'])).toEqual([[true, true, true], 3]);
  });
});

describe('backends and debug', () => {
  it('mixing backends is an error, and each frees its own', () => {
    const first = f.backend();
    f.setBackend(f.referenceBackend());
    expect(() => double(x)).toThrow(expect.objectContaining({ code: 'backend/mixed' }));
    expect(() => double(x)).toThrow('on the backend wasm while reference is current');
    expect([first.memory().tensors, memory().tensors]).toEqual([0, 0]);
    expect(numbers(x)).toEqual([1, 2, 3]); // reading needs no current backend
  });

  it('no other backend inside a scope', () => {
    const other = f.referenceBackend();
    expect(() => scope(() => f.setBackend(other))).toThrow(expect.objectContaining({ code: 'backend/in-scope' }));
  });

  it('nonFinite names the op that made NaN or infinity', () => {
    f.debug({ nonFinite: true });
    expect(() => f.exp(f.log(f.sub(x, 2)))).toThrow(expect.objectContaining({ code: 'debug/non-finite' }));
    expect(() => f.exp(f.log(f.sub(x, 2)))).toThrow('log made a tensor [3] made by log whose element 0 is not finite');
    expect(memory().tensors).toBe(0);
  });
});
