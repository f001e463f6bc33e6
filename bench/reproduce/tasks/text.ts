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
  random,
  scope,
  sign,
  type Tensor,
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

async function read() {
  const { text } = await loadCorpus('moby-dick', process.cwd());
  const vocabulary = new CharVocabulary(text);
  return { vocabulary, tokens: vocabulary.encode(text) };
}

/** Validation loss in nats per character after training; null where it diverged. */
export async function trainText(
  { width, batch, steps, seed }: TextTraining,
  transform: GradientTransform<unknown>,
): Promise<number | null> {
  text ??= read();
  const { vocabulary, tokens } = await text;
  const [train, validation] = [batch, validated].map((size) => new TextDataset(tokens, { batch: size, context })) as [
    TextDataset,
    TextDataset,
  ];
  const root = random.key(seed);
  const key = random.fold(root, 'model');
  const model = new GPT({ vocabularySize: vocabulary.size, context, width, heads: 4, layers: 2, key });
  const loss = ({ ids, targets }: TextBatch): Tensor => crossEntropy(model.forward(ids), targets);
  const training = trainer({ model, transform, loss, seed });
  const batches = random.fold(root, 'batches');
  return finite(async () => {
    for (let step = 1; step <= steps; step++) {
      await scope(() => training.step(train.trainBatch(random.fold(batches, step))).loss);
    }
    const losses: number[] = [];
    for (const windows of validation.validationBatches()) losses.push(await noGrad(() => loss(windows)).item());
    return losses.reduce((a, b) => a + b, 0) / losses.length;
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
