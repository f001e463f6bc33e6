import { GPT, MLP, type Module, random } from '../../src';
import type { Arrays, GPTTask, MLPTask } from '../contestant';
import { sizesOf } from '../contestants/floragrad/training';
import { floragradBuilds, jax, jsPytorch, ours, pytorch, tfjsPlain, tfjsTuned } from '../entrants';
import type { Case } from './case';
import { integers, normal } from './numbers';

const peers = [tfjsTuned, tfjsPlain, jax, pytorch];
const small: GPTTask = {
  kind: 'gpt',
  vocabularySize: 96,
  width: 128,
  heads: 4,
  layers: 4,
  time: 64,
  batch: 8,
  batches: 4,
};
const medium: GPTTask = { ...small, width: 256, time: 128 };
const mlp: MLPTask = { kind: 'mlp', sizes: [784, 512, 512, 10], batch: 128, batches: 4 };

/** The starting weights of our model by path, and batches: `batch.0.x`, `batch.0.y`, … */
function gptArrays(task: GPTTask): Arrays {
  const { vocabularySize, time, batch, batches } = task;
  const model = new GPT({ ...sizesOf(task), key: random.key(0) });
  return {
    ...weightsOf(model),
    ...Object.fromEntries(
      Array.from({ length: batches }, (_, i) => [
        [`batch.${i}.x`, integers(2 * i + 1, [batch, time], vocabularySize)],
        [`batch.${i}.y`, integers(2 * i + 2, [batch, time], vocabularySize)],
      ]).flat(),
    ),
  };
}

function mlpArrays({ sizes, batch, batches }: MLPTask): Arrays {
  const [inputs, classes] = [sizes[0] as number, sizes.at(-1) as number];
  return {
    ...weightsOf(new MLP({ sizes, key: random.key(0) })),
    ...Object.fromEntries(
      Array.from({ length: batches }, (_, i) => [
        [`batch.${i}.x`, normal(2 * i + 1, [batch, inputs])],
        [`batch.${i}.y`, integers(2 * i + 2, [batch], classes)],
      ]).flat(),
    ),
  };
}

function weightsOf(model: Module): Arrays {
  return Object.fromEntries(
    Object.entries(model.parameters()).map(([path, tensor]) => [
      path,
      { shape: tensor.shape, values: tensor.dataSync() as Float32Array },
    ]),
  );
}

const step = {
  group: 'training',
  tolerance: 2e-4, // of the losses of the first steps; the second is the first that depends on a gradient
  memory: true,
} as const;

export const trainings: readonly Case[] = [
  {
    ...step,
    name: 'MLP 784-512-512-10, batch 128',
    task: mlp,
    arrays: () => mlpArrays(mlp),
    entrants: [...floragradBuilds, ...peers],
  },
  {
    ...step,
    name: 'GPT small: V 96, D 128, H 4, L 4, T 64, B 8',
    task: small,
    arrays: () => gptArrays(small),
    entrants: [...floragradBuilds, ...peers, jsPytorch],
  },
  {
    ...step,
    name: 'GPT medium: V 96, D 256, H 4, L 4, T 128, B 8',
    task: medium,
    arrays: () => gptArrays(medium),
    entrants: [...floragradBuilds, ...peers],
  },
  {
    ...step,
    name: 'GPT medium with other optimizers',
    task: medium,
    arrays: () => gptArrays(medium),
    entrants: [
      ours('Adafactor, dense momentum', { optimizer: 'adafactor' }),
      ours('Flora, rank 64', { optimizer: 'flora' }),
      ours('Adam', { optimizer: 'adam' }),
    ],
    tolerance: Number.POSITIVE_INFINITY, // three optimizers: only their first loss is the same
  },
];
