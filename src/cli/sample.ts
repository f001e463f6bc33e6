import type { CharVocabulary } from '../data/char-vocabulary';
import { type Key, noGrad, random, tensor } from '../index';
import type { GPT } from '../nn';
import { breathe } from './breathe';

/** Text written by a model, one character at a time from the softmax at `temperature`, starting after a line break. */
export async function sampleText(
  model: GPT,
  vocabulary: CharVocabulary,
  { length, context, key, temperature = 0.8 }: { length: number; context: number; key: Key; temperature?: number },
): Promise<string> {
  const ids = [vocabulary.characters.indexOf('\n') + 1 ? vocabulary.characters.indexOf('\n') : 0];
  const draws = await random.uniform(key, [length]).data();
  for (let i = 0; i < length; i++) {
    const window = ids.slice(-context);
    const last = noGrad(() => {
      const logits = model.forward(tensor(Int32Array.from(window), { shape: [1, window.length] })); // [1, T, V]
      return logits
        .slice([0, window.length - 1, 0], [1, window.length, vocabulary.size])
        .reshape([vocabulary.size])
        .mul(1 / temperature)
        .softmax();
    });
    ids.push(pick(await last.data(), draws[i] as number));
    await breathe();
  }
  return vocabulary.decode(ids.slice(1));
}

/** The first index at which the running sum of `probabilities` passes `draw`. */
function pick(probabilities: ArrayLike<number>, draw: number): number {
  let sum = 0;
  for (let id = 0; id < probabilities.length; id++) {
    sum += probabilities[id] as number;
    if (draw < sum) return id;
  }
  return probabilities.length - 1;
}

/**
 * The whole words of a sample, those at its ends left out since they may be cut, and how many of them occur in a text. Case
 * does not count. A word is a run of letters, with apostrophes inside.
 */
export function knownWords(sample: string, text: string): { count: number; known: number } {
  const wordsOf = (of: string): string[] => of.toLowerCase().match(/\p{L}+(?:['’]\p{L}+)*/gu) ?? [];
  const known = new Set(wordsOf(text));
  const words = wordsOf(sample).slice(1, -1);
  return { count: words.length, known: words.filter((word) => known.has(word)).length };
}
