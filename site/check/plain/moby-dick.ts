// A GPT of one block learns Moby-Dick by Adafactor: without momentum, with, and with a compressed one.
import * as f from 'floragrad';

/** Nats a character on the batch after 0, 1, …, `steps` steps of each track of a training of `length` steps. */
export async function mobyDick(text: string, steps = 800, length = 800): Promise<number[][]> {
  const warmup = Math.round(length / 20);
  const learningRate = f.schedules.warmupCosine({ peak: 0.05, warmup, steps: length });
  const filter: f.Filter = (path) => /^blocks\..*\b(qkv|proj|fc)\.weight$/.test(path) || 'rows are characters';
  const optimizers = [
    f.adafactor({ learningRate }),
    f.adafactor({ learningRate, momentum: 0.9 }),
    f.flora({ learningRate, rank: 16, refreshEvery: 200, filter, seed: 1 }),
  ];
  const losses: number[][] = [];
  for (const optimizer of optimizers) losses.push(await train(text, steps, optimizer));
  return losses;
}

async function train(text: string, steps: number, transform: f.GradientTransform<unknown>): Promise<number[]> {
  const key = f.random.key(1);
  const vocabulary = new f.CharVocabulary(text);
  const dataset = new f.TextDataset(vocabulary.encode(text), { batch: 4, context: 64 });
  const sizes = { vocabularySize: vocabulary.size, context: 64, width: 64, heads: 4, layers: 1 };
  const model = new f.GPT({ ...sizes, key: f.random.fold(key, 'model') });
  const loss = ({ ids, targets }: f.TextBatch) => f.crossEntropy(model.forward(ids), targets);
  const batch = (step: number) => dataset.trainBatch(f.random.fold(key, 'batches', step));
  const training = f.trainer({ model, transform, loss, seed: 1 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push(await training.step(batch(step)).loss);
  return [...losses, await f.noGrad(() => loss(batch(steps))).item()];
}
