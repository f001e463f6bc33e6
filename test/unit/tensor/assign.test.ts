import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../src/index';
import { assign, makeResident } from '../../../src/tensor/assign';
import { runAlone } from './alone';

const { applyUpdates, memory, scope, sum, tensor, valueAndGrad } = f;
type Tensor = f.Tensor;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

beforeEach(() => {
  f.setBackend(f.wasmBackend());
  f.debug({ poison: true });
});

describe('assign', () => {
  it('makes the value resident: on the device outside all scopes, one for each tensor', () => {
    const p = tensor([1, 2]);
    expect(memory().tensors).toBe(0);
    scope(() => assign(p, f.mul(p, 3)));
    expect([numbers(p), memory().tensors, memory().bytes]).toEqual([[3, 6], 1, 8]);
    for (let i = 0; i < 5; i++) scope(() => assign(p, f.add(p, 1)));
    expect([numbers(p), memory().tensors, memory().bytes]).toEqual([[8, 11], 1, 8]);
  });

  it('makeResident keeps the values and does nothing the second time', () => {
    const p = tensor([1, 2]);
    makeResident(p);
    const { value } = p;
    makeResident(p);
    expect(p.value).toBe(value);
    expect([numbers(p), memory().tensors]).toEqual([[1, 2], 1]);
  });

  it('takes over a fresh result without a copy, and shares one that already has an owner', () => {
    const [p, q, r] = [tensor([0]), tensor([0]), tensor([5])];
    scope(() => {
      const fresh = f.mul(r, 2);
      const { value } = fresh;
      assign(p, fresh);
      expect(p.value).toBe(value);
      assign(q, fresh);
      expect(q.value).not.toBe(value);
    });
    assign(r, q);
    expect([p, q, r].map(numbers)).toEqual([[10], [10], [10]]);
    scope(() => assign(p, f.add(p, 1))); // frees p's share only
    scope(() => assign(r, f.add(q, 2)));
    expect([p, q, r].map(numbers)).toEqual([[11], [10], [12]]);
    expect(memory().tensors).toBe(3);
  });

  it('refuses another shape or dtype, and leaves the target as it was', () => {
    const p = tensor([1, 2]);
    expect(() => assign(p, tensor([[1, 2]]))).toThrow(expect.objectContaining({ code: 'assign/shape' }));
    expect(() => assign(p, tensor([1, 2], { dtype: 'int32' }))).toThrow('a target [2] of dtype float32');
    expect([numbers(p), memory().tensors]).toEqual([[1, 2], 0]);
  });

  it('refuses a freed source', () => {
    let gone!: Tensor;
    scope(() => {
      gone = f.ones([2]);
    });
    expect(() => assign(tensor([1, 2]), gone)).toThrow(expect.objectContaining({ code: 'scope/freed' }));
  });

  it('residents of a dropped model are freed by the finalizer', async () => {
    const script = new URL('collector-scripts.ts', import.meta.url).pathname;
    expect(await runAlone(script, 'droppedModel', ['--expose-gc'])).toEqual([4, 0]);
  });
});

describe('assignment while a derivative is taken', () => {
  /** d/dp (p² before + p² after p ← p + 10), where only the first p is the one differentiated. */
  const twoLives = (p: Tensor): Tensor => {
    const before = sum(f.square(p));
    applyUpdates({ p }, { p: tensor([10, 10]) });
    return f.add(before, sum(f.square(p)));
  };

  for (const resident of [false, true]) {
    it(`the tape stays with the old value of a parameter ${resident ? 'on the device' : 'in ordinary memory'}`, () => {
      const p = tensor([1, 2]);
      if (resident) makeResident(p);
      const { value, grads } = valueAndGrad(() => twoLives(p), { p });
      expect(numbers(value)).toEqual([5 + 265]);
      expect(numbers(grads.p as Tensor)).toEqual([2, 4]);
      expect(numbers(p)).toEqual([11, 12]);
      expect(memory().tensors).toBe(1); // the old value went with the scope of the tape
    });
  }

  it('the retired value lives as long as the outermost tape that needs it', () => {
    const p = tensor([1, 2]);
    makeResident(p);
    const cubes = (): Tensor => sum(f.mul(f.square(p), p));
    const { grads } = valueAndGrad(
      () => {
        const { grads: inner } = valueAndGrad(
          () => {
            const loss = cubes();
            applyUpdates({ p }, { p: tensor([10, 10]) });
            return loss;
          },
          { p },
        ); // 3p²
        return sum(inner.p as Tensor);
      },
      { p },
    );
    expect(numbers(grads.p as Tensor)).toEqual([6, 12]);
    expect([numbers(p), memory().tensors]).toEqual([[11, 12], 1]);
  });

  it('several assignments inside one function leave one resident', () => {
    const p = tensor([1]);
    makeResident(p);
    const { grads } = valueAndGrad(
      () => {
        let loss = sum(f.square(p));
        for (let i = 0; i < 3; i++) {
          applyUpdates({ p }, { p: tensor([1]) });
          loss = f.add(loss, sum(f.square(p)));
        }
        return loss;
      },
      { p },
    );
    expect(numbers(grads.p as Tensor)).toEqual([2]);
    expect([numbers(p), memory().tensors]).toEqual([[4], 1]);
  });

  it('an exception after an assignment keeps the new value and frees the old one', () => {
    const p = tensor([1]);
    makeResident(p);
    const failing = (): Tensor => {
      twoLives(f.concat([p, p], 0));
      applyUpdates({ p }, { p: tensor([1]) });
      throw new Error('mine');
    };
    expect(() => valueAndGrad(failing, { p })).toThrow('mine');
    expect(numbers(p)).toEqual([2]);
  });
});
