import { CharVocabulary, crossEntropy, GPT, generate, random, TextDataset } from 'floragrad';
import { adafactorStep } from '../base-steps';
import type { Task } from '../task';

/** A GPT that learns a text character by character. */
interface CharacterModel {
  readonly text: string;
  readonly width: number;
  readonly layers: number;
  /** Characters of a window. */
  readonly context: number;
  /** Windows of a batch. */
  readonly batch: number;
  /** What it goes on from when it writes, and how many characters it adds. */
  readonly prompt: string;
  readonly length: number;
}

/**
 * What is reported is the loss in nats a character on a batch that no step has taken yet. Methods compress the matrices of
 * the blocks: rows of the embeddings and of the head belong to characters.
 */
export async function characterTask(seed: number, options: CharacterModel): Promise<Task> {
  const { text, width, layers, context, batch, prompt, length } = options;
  const key = random.key(seed);
  const vocabulary = new CharVocabulary(text);
  const dataset = new TextDataset(vocabulary.encode(text), { batch, context });
  const model = new GPT({
    vocabularySize: vocabulary.size,
    context,
    width,
    heads: 4,
    layers,
    key: random.fold(key, 'model'),
  });
  const [batches, written] = [random.fold(key, 'batches'), random.fold(key, 'written')];
  const [block] = model.blocks as [(typeof model.blocks)[number]];
  return {
    model,
    watched: { layer: block.attention.proj, path: 'blocks.0.attention.proj.weight' },
    compresses: (path) => /^blocks\..*\.weight$/.test(path),
    loss(step) {
      const { ids, targets } = dataset.trainBatch(random.fold(batches, step));
      return crossEntropy(model.forward(ids), targets);
    },
    reported: (loss) => loss,
    baseStep: adafactorStep,
    async write(step) {
      let said = '';
      const options = { prompt: vocabulary.encode(prompt), length, temperature: 0.8, key: random.fold(written, step) };
      for await (const id of generate(model, options)) said += vocabulary.decode([id]);
      return prompt + said;
    },
  };
}
