import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  adam,
  BatchNorm,
  Conv2d,
  GroupNorm,
  type Params,
  random,
  remat,
  Sequential,
  square,
  sum,
  type Tensor,
  tensor,
  trainer,
  zeros,
} from '../../../../src/index';
import { loadCheckpoint, saveCheckpoint } from '../../../../src/node';

const key = random.key(0);
const numbers = (t: Tensor | undefined): number[] => Array.from((t as Tensor).dataSync());
const bits = (params: Params): number[][] => Object.values(params).map(numbers);

it('takes the mean and the biased variance of a batch, and the running ones without a key', () => {
  const norm = new BatchNorm(2, { epsilon: 0 });
  const x = tensor([
    [1, 5],
    [3, -5],
  ]);
  expect(numbers(norm.forward(x, { key }))).toEqual([-1, 1, 1, -1]);
  expect(numbers(norm.forward(x))).toEqual([1, 5, 3, -5]); // mean 0, variance 1
  norm.load({ ...norm.state(), runningMean: tensor([1, -5]), runningVariance: tensor([4, 25]) });
  expect(numbers(norm.forward(x))).toEqual([0, 2, 1, 0]);
});

it('moves its running statistics in a step of a trainer alone, once', () => {
  const norm = new BatchNorm(1, { momentum: 0.5 });
  const x = tensor([[0], [4]]); // mean 2, unbiased variance 8
  norm.forward(x, { key });
  expect(numbers(norm.runningMean)).toEqual([0]);
  const training = trainer({
    model: norm,
    transform: adam({ learningRate: 0.1 }),
    loss: (_: undefined, options) => sum(square(remat((t: Tensor) => norm.forward(t, options))(x))),
    seed: 0,
  });
  training.step(undefined);
  expect(numbers(norm.runningMean)).toEqual([1]);
  expect(numbers(norm.runningVariance)).toEqual([4.5]);
});

it('goes on from a checkpoint bit for bit', async () => {
  const make = () => new Sequential([new Conv2d(1, 2, 2, { key }), new BatchNorm(2)]);
  const batch = (step: number) => random.normal(random.key(step), [3, 1, 4, 4]);
  const train = (model: Sequential, resume?: { state: unknown; steps: number }) =>
    trainer({
      model,
      transform: adam({ learningRate: 0.05 }),
      loss: (x: Tensor, options) => sum(square(model.forward(x, options))),
      seed: 0,
      ...(resume && { resume: resume as never }),
    });
  const whole = make();
  const training = train(whole);
  for (let step = 0; step < 2; step++) training.step(batch(step));
  const folder = mkdtempSync(join(tmpdir(), 'batch-norm-'));
  try {
    await saveCheckpoint(folder, { parameters: whole.state(), state: training.state, steps: training.steps });
    const { parameters, state, steps } = await loadCheckpoint(folder);
    const second = make();
    second.load(parameters);
    const resumed = train(second, { state, steps });
    for (let step = 2; step < 4; step++) {
      training.step(batch(step));
      resumed.step(batch(step));
    }
    expect(bits(second.state())).toEqual(bits(whole.state()));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('normalizes groups of channels, each example for itself', () => {
  const norm = new GroupNorm(2, 4, { epsilon: 0 });
  const x = tensor([1, 3, 10, 30, -2, 2, 5, 7], { shape: [2, 4] });
  expect(numbers(norm.forward(x))).toEqual([-1, 1, -1, 1, -1, 1, -1, 1]);
  expect(norm.forward(zeros([0, 4, 3])).shape).toEqual([0, 4, 3]);
});

it.each<[RegExp, () => unknown]>([
  [/batch-norm\/shapes.*\[4, 3\]/, () => new BatchNorm(2).forward(zeros([4, 3]))],
  [/batch-norm\/shapes/, () => new BatchNorm(2).forward(zeros([2]))],
  [/batch-norm\/batch.*\[1, 2\]/, () => new BatchNorm(2).forward(zeros([1, 2]), { key })],
  [/batch-norm\/batch/, () => new BatchNorm(2).forward(zeros([0, 2, 3]), { key })],
  [/momentum = 1.5/, () => new BatchNorm(2, { momentum: 1.5 })],
  [/group-norm\/groups.*3 groups and 4/, () => new GroupNorm(3, 4)],
  [/group-norm\/shapes/, () => new GroupNorm(2, 4).forward(zeros([1, 2, 4]))],
])('says %s', (message, run) => {
  expect(run).toThrow(message);
});
