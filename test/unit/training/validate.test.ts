import { expect, test } from 'vitest';
import { mean, sum, type Tensor, tensor, validate, valueAndGrad, zeros } from '../../../src/index';

const values = [
  [1, 2, 6],
  [4, 4, 4],
  [0, 10, 80],
];
const batches = values.map((list) => tensor(list));

test('the mean of the losses of all batches', async () => {
  expect(await validate((x: Tensor) => mean(x), batches)).toBe((3 + 4 + 30) / 3);
  expect(await validate((x: Tensor) => sum(x), new Set(batches))).toBe((9 + 12 + 90) / 3);
});

test('asks for one batch after the other, and frees what each of them made', async () => {
  const made: Tensor[] = [];
  const freed = (x: Tensor): boolean => {
    try {
      return x.dataSync().length === 0;
    } catch (error) {
      return /scope\/freed/.test(String(error));
    }
  };
  function* anew(): Generator<Tensor> {
    for (const list of values) {
      expect(made.map(freed)).toEqual(made.map(() => true));
      made.push(tensor(list));
      yield made.at(-1) as Tensor;
    }
  }
  await validate((x: Tensor) => mean(x), anew());
  expect(made.map(freed)).toEqual([true, true, true]);
  expect(batches.map(freed)).toEqual([false, false, false]); // of others nothing is freed
});

test('records nothing', async () => {
  const w = zeros([2]);
  let loss: Promise<number> | undefined;
  const { grads } = valueAndGrad(
    () => {
      loss = validate((x: Tensor) => sum(w.mul(x)), [tensor([1, 2])]);
      return sum(w.mul(3));
    },
    { w },
  );
  expect([...(grads.w?.dataSync() ?? [])]).toEqual([3, 3]);
  expect(await loss).toBe(0);
});

test('lets the event loop run', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const busy = (x: Tensor): Tensor => {
    const end = performance.now() + 20; // longer than the frame after which loops give way
    while (performance.now() < end);
    return mean(x);
  };
  await validate(busy, batches);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});

test('refuses no batches, and a loss that is none', async () => {
  await expect(validate(() => zeros([]), [])).rejects.toThrow(/validate\/no-batches/);
  await expect(validate(() => zeros([2]), [1])).rejects.toThrow(/item\/size/);
  await expect(validate((() => 1) as never, [1])).rejects.toThrow(/validate got/);
});
