import { loadCorpus } from '../../../src/cli/corpus';
import { CharVocabulary } from '../../../src/data/char-vocabulary';
import { type TextBatch, TextDataset } from '../../../src/data/text-dataset';
import {
  crossEntropy,
  type Filter,
  GPT,
  type GradientTransform,
  mapParams,
  matrixFilter,
  noGrad,
  type Params,
  random,
  scope,
  sign,
  type Tensor,
  type Trainer,
  trainer,
  transform,
} from '../../../src/index';
import { finite } from './finite';

/** A training of a small GPT on Moby-Dick by characters: 2 layers, 4 heads, context 64. */
export interface TextTraining {
  readonly width: number;
  /** Windows of 64 characters in a batch. */
  readonly batch: number;
  /** Batches. */
  readonly steps: number;
  readonly seed: number;
}

const context = 64;

/** Windows of a validation batch; 16 batches of them are 16,384 characters. */
const validated = 16;

/** Read once for all trainings of a process. */
let text: ReturnType<typeof read> | undefined;

function corpus(): ReturnType<typeof read> {
  text ??= read();
  return text;
}

async function read() {
  const { text } = await loadCorpus('moby-dick', process.cwd());
  const vocabulary = new CharVocabulary(text);
  return { vocabulary, tokens: vocabulary.encode(text) };
}

/** A model before its first step, and what its steps and its loss are. */
interface TextRun {
  readonly training: Trainer<unknown, never>;
  /** The loss before the step, counted from 1. */
  step(number: number): Promise<number>;
  /** Nats per character. */
  validate(): Promise<number>;
}

/** Weights and batches follow from the seed alone. */
export async function textRun(
  { width, batch, seed }: Omit<TextTraining, 'steps'>,
  transform: GradientTransform<unknown>,
): Promise<TextRun> {
  const { vocabulary, tokens } = await corpus();
  const [train, validation] = [batch, validated].map((size) => new TextDataset(tokens, { batch: size, context })) as [
    TextDataset,
    TextDataset,
  ];
  const model = newModel(width, seed, vocabulary.size);
  const loss = ({ ids, targets }: TextBatch): Tensor => crossEntropy(model.forward(ids), targets);
  const training = trainer({ model, transform, loss, seed });
  const batches = random.fold(random.key(seed), 'batches');
  return {
    training,
    step: async (number) => scope(() => training.step(train.trainBatch(random.fold(batches, number))).loss),
    async validate() {
      const losses: number[] = [];
      for (const windows of validation.validationBatches()) losses.push(await noGrad(() => loss(windows)).item());
      return losses.reduce((a, b) => a + b, 0) / losses.length;
    },
  };
}

/** The parameters that a training of this width begins with. */
export async function textParameters(width: number): Promise<Params> {
  const { vocabulary } = await corpus();
  return newModel(width, 0, vocabulary.size).parameters();
}

function newModel(width: number, seed: number, vocabularySize: number): GPT {
  const key = random.fold(random.key(seed), 'model');
  return new GPT({ vocabularySize, context, width, heads: 4, layers: 2, key });
}

/** Validation loss in nats per character after training; null where it diverged. */
export async function trainText(
  { steps, ...task }: TextTraining,
  transform: GradientTransform<unknown>,
): Promise<number | null> {
  const run = await textRun(task, transform);
  return finite(async () => {
    for (let step = 1; step <= steps; step++) await run.step(step);
    return run.validate();
  });
}

/** Compress the matrices of the transformer blocks alone: rows of the embeddings and of the head belong to tokens. */
export function blocks(rank: number): Filter {
  const matrices = matrixFilter({ rank });
  return (path, tensor) => (path.startsWith('blocks.') ? matrices(path, tensor) : 'rows are tokens or positions');
}

/** Steps of one size whatever the gradient: its signs. */
export function signs(): GradientTransform<readonly []> {
  return transform({
    name: 'signs',
    leafwise: true,
    init: () => [] as const,
    update: (grads, state) => [mapParams(grads, (g) => sign(g)), state],
  });
}
