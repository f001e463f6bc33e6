import { beforeEach, describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { profiling } from '../../../../src/tensor/inspect/profile';
import { at } from '../functions';

const { profile, sum, valueAndGrad } = f;
type ProfileRow = f.ProfileRow;

beforeEach(() => f.setBackend(f.wasmBackend()));

const find = (rows: readonly ProfileRow[], phase: f.Phase, op: string | null): ProfileRow | undefined =>
  rows.find((row) => row.phase === phase && row.op === op);

describe('profile', () => {
  it('counts ops, pullbacks and bytes by phase, and leaves the result alone', () => {
    const [x, y] = [at(1, [8, 16]), at(2, [16, 4])];
    const loss = (): f.Tensor => sum(f.tanh(f.tanh(f.matmul(x, y))));
    const plain = valueAndGrad(loss, { y }).grads.y.dataSync();
    const { result, profile: seen } = profile(() => valueAndGrad(loss, { y }));
    expect(result.grads.y.dataSync()).toEqual(plain);
    const { rows } = seen;
    expect(find(rows, 'forward', 'tanh')).toMatchObject({ calls: 2, bytes: 2 * 4 * 8 * 4 });
    expect(find(rows, 'forward', 'matmul')).toMatchObject({ calls: 1 });
    expect(find(rows, 'backward', 'matmul')).toMatchObject({ calls: 1, bytes: 4 * 16 * 4 });
    expect(find(rows, 'backward', 'tanh')?.calls).toBe(2);
    // What a pullback runs belongs to it: no row says that the backward pass multiplied by the derivative of tanh.
    expect(find(rows, 'backward', 'mul')).toBe(undefined);
    expect(find(rows, 'forward', null)).toMatchObject({ calls: 0, bytes: 0 });
    expect(rows.some(({ phase }) => phase === 'optimizer')).toBe(false);
  });

  it('times add up, none is negative, and the slowest comes first', () => {
    const x = at(1, [64, 64]);
    const { seconds, rows } = profile(() => f.grad((y) => sum(f.tanh(f.matmul(y, y))))(x)).profile;
    expect(rows.reduce((total, row) => total + row.seconds, 0)).toBe(seconds);
    expect(rows.every((row, i) => row.seconds >= 0 && row.seconds <= (rows[i - 1]?.seconds ?? Infinity))).toBe(true);
    expect(new Set(rows.map(({ phase, op }) => `${phase} ${op}`)).size).toBe(rows.length);
  });

  it('has the optimizer of a trainer as a phase of its own, all leaves at once or one at a time', () => {
    for (const leafwise of [true, false]) {
      const params = { a: at(1, [4, 4]), b: at(2, [4, 4]) };
      const transform = { ...f.sgd({ learningRate: 0.1, momentum: 0.9 }), leafwise };
      const loss = (): f.Tensor => sum(f.matmul(params.a, params.b));
      const training = f.trainer({ params, transform, loss, seed: 0 });
      const { rows } = profile(() => training.step(null)).profile;
      expect(find(rows, 'optimizer', 'axpby')?.calls).toBe(2);
      expect(find(rows, 'optimizer', 'add')?.calls).toBe(2);
      expect(find(rows, 'backward', 'add')).toBe(undefined);
      expect(find(rows, 'backward', 'matmul')?.calls).toBe(1);
    }
  });

  it('a function that is run again counts where it is run again', () => {
    const x = at(1, [4, 4]);
    const { rows } = profile(() => f.grad((y) => sum(f.remat((z: f.Tensor) => f.tanh(z))(y)))(x)).profile;
    expect(find(rows, 'forward', 'tanh')?.calls).toBe(1);
    expect(find(rows, 'backward', 'remat')?.calls).toBe(1);
    expect(find(rows, 'backward', 'tanh')?.calls).toBe(1); // its pullback
  });

  it('refuses an async function', () => {
    expect(() => profile(async () => f.exp(at(1, [2])))).toThrow(expect.objectContaining({ code: 'profile/async' }));
  });

  it('an exception passes through, and nothing is watched afterwards', () => {
    const fail = (): never => {
      throw new Error('mine');
    };
    expect(() => profile(() => f.grad(() => fail())(at(1, [2])))).toThrow('mine');
    expect(profiling.profiler).toBe(null);
    const { rows } = profile(() => {
      profile(() => f.exp(at(1, [2])));
      return f.log(at(1, [2]));
    }).profile;
    expect(find(rows, 'forward', 'exp')).toBe(undefined);
    expect(find(rows, 'forward', 'log')?.calls).toBe(1);
  });
});
