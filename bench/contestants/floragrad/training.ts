import { crossEntropy, GPT, MLP, type Module, random, reshape, type Tensor, trainer } from '../../../src';
import type { Arrays, GPTTask, MLPTask, Prepared, Settings } from '../../contestant';
import { optimizerNamed } from './optimizers';
import { arrayOf, resident } from './resident';

/** Steps whose losses are compared before anything is timed. */
const firstSteps = 4;

interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** What `GPT` is made with. */
export function sizesOf({ vocabularySize, width, heads, layers, time }: GPTTask) {
  return { vocabularySize, width, heads, layers, context: time };
}

export function gpt(task: GPTTask, arrays: Arrays, settings: Settings): Prepared {
  const model = new GPT({ ...sizesOf(task), key: random.key(0) });
  const loss = ({ x, y }: Batch): Tensor => {
    const logits = model.forward(x); // [B, T, V]
    return crossEntropy(reshape(logits, [-1, task.vocabularySize]), reshape(y, [-1]));
  };
  return steps(model, loss, task.batches, arrays, settings);
}

export function mlp(task: MLPTask, arrays: Arrays, settings: Settings): Prepared {
  const model = new MLP({ sizes: task.sizes, key: random.key(0) });
  return steps(model, ({ x, y }) => crossEntropy(model.forward(x), y), task.batches, arrays, settings);
}

/** Training steps as a user writes them: a trainer, and the batches in turn. */
function steps(
  model: Module,
  loss: (batch: Batch) => Tensor,
  batches: number,
  arrays: Arrays,
  { optimizer }: Settings,
): Prepared {
  model.load(
    Object.fromEntries(Object.keys(model.parameters()).map((path) => [path, resident(arrayOf(arrays, path))])),
  );
  const data = Array.from({ length: batches }, (_, i) => ({
    x: resident(arrayOf(arrays, `batch.${i}.x`)),
    y: resident(arrayOf(arrays, `batch.${i}.y`)),
  }));
  const training = trainer({ model, transform: optimizerNamed(optimizer), loss, seed: 1 });
  const step = (): number => training.step(data[training.steps % batches] as Batch).loss as number;
  return {
    run: () => void step(),
    outcome: () => Array.from({ length: firstSteps }, step),
  };
}
