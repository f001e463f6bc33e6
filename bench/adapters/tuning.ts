import { readFile, writeFile } from 'node:fs/promises';
import { loadCorpus } from '../../src/cli/corpus';
import type { MethodName } from '../../src/cli/finetune/methods';
import { type Base, baseOf, type FineTuneResult, fineTune } from '../../src/cli/finetune/run';
import { CharVocabulary } from '../../src/data/char-vocabulary';
import { type TextBatch, TextDataset } from '../../src/data/text-dataset';
import { adamw, crossEntropy, GPT, random, trainer } from '../../src/index';
import { decodeGPT, encodeGPT, sizesOf } from '../../src/io/gpt';
import { finite } from '../reproduce/tasks/finite';
import { warmedUp } from '../reproduce/tasks/schedule';
import type { Setting, Task } from './setting';

/** One run of the command: a method of it, a rank, and a peak rate; null for what is not trained. */
export interface Tuning {
  /** The file of the model that it begins with. */
  readonly base: string;
  readonly task: string;
  readonly method: MethodName;
  readonly rank: number;
  readonly rate: number | null;
  readonly seed: number;
}

/** What the tables say of a run. */
export type Tuned = Pick<
  FineTuneResult,
  'startLoss' | 'validationLoss' | 'trainable' | 'stateBytes' | 'mergeable' | 'updateRank'
>;

/** What a process reads once. */
interface Known {
  readonly base: Base;
  readonly text: string;
  readonly vocabulary: CharVocabulary;
}

let known: Promise<Known> | undefined;
const datasets = new Map<string, TextDataset>();

/** A run of the very rows of the command on the base in that file; null where it diverged. */
export async function tune(job: Tuning, setting: Setting): Promise<Tuned | null> {
  const { rank, seed, method, rate } = job;
  const { scale, sparsity, stages } = setting;
  const task = setting.tasks.find(({ name }) => name === job.task);
  if (!task) throw new Error(`no task is called ${job.task}`);
  const { steps, batch } = task;
  known ??= read(job.base);
  const { base, ...rest } = await known;
  const dataset = datasets.get(task.name) ?? datasetOf(task, rest, setting);
  datasets.set(task.name, dataset);
  const learningRate = rate ?? undefined;
  const settings = { rank, alpha: scale * rank, sparsity, stages, steps, batch, learningRate };
  let result: FineTuneResult | undefined;
  const loss = await finite(async () => {
    result = await fineTune({ method, seed }, settings, base, dataset, () => {});
    return result.validationLoss;
  });
  if (loss === null || !result) return null;
  const { startLoss, validationLoss, trainable, stateBytes, mergeable, updateRank } = result;
  return { startLoss, validationLoss, trainable, stateBytes, mergeable, updateRank };
}

/** Write the model that all runs begin with: a GPT of two layers that has read Moby-Dick. */
export async function writeBase(file: string, { width, context, steps, batch, rate, seed }: Setting['base']) {
  const { text } = await loadCorpus(corpus, process.cwd());
  const vocabulary = new CharVocabulary(text);
  const key = random.fold(random.key(seed), 'base');
  const model = new GPT({ vocabularySize: vocabulary.size, context, width, heads: 4, layers: 2, key });
  const dataset = new TextDataset(vocabulary.encode(text), { batch, context });
  const loss = ({ ids, targets }: TextBatch) => crossEntropy(model.forward(ids), targets);
  const transform = adamw({ learningRate: warmedUp(rate, steps), weightDecay: 0 });
  const training = trainer({ model, transform, loss, seed });
  for (let step = 1; step <= steps; step++) {
    await training.step(dataset.trainBatch(random.fold(key, 'batch', step))).loss;
  }
  await writeFile(file, await encodeGPT(model, { vocabulary }));
}

/** What the base learned, and what the tasks are made of. */
const corpus = 'moby-dick';

async function read(file: string): Promise<Known> {
  const [bytes, { text }] = [await readFile(file), await loadCorpus(corpus, process.cwd())];
  const { model, vocabulary } = await decodeGPT(bytes);
  return { base: await baseOf(model, sizesOf(model)), text, vocabulary };
}

function datasetOf(
  { make, batch }: Task,
  { text, vocabulary }: Omit<Known, 'base'>,
  { base: { context }, validation }: Setting,
): TextDataset {
  const validationBatches = Math.ceil(validation / (batch * context));
  return new TextDataset(vocabulary.encode(make(text)), { batch, context, validationBatches });
}
