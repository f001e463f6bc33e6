import type { CharVocabulary } from '../data/char-vocabulary';
import { generate, type Key } from '../index';
import type { GPT } from '../nn';

/** Text written by a model, one character at a time from the softmax at `temperature`, starting after a line break. */
export async function sampleText(
  model: GPT,
  vocabulary: CharVocabulary,
  { length, key, temperature = 0.8 }: { length: number; key: Key; temperature?: number },
): Promise<string> {
  const prompt = [Math.max(0, vocabulary.characters.indexOf('\n'))];
  const ids: number[] = [];
  for await (const id of generate(model, { prompt, length, temperature, key })) ids.push(id);
  return vocabulary.decode(ids);
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
