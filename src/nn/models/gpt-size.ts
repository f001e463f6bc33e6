import type { GPTOptions } from './gpt';

/** What a GPT is made by, without its first values. */
export type GPTSizes = Omit<GPTOptions, 'key'>;

/** How many numbers a GPT of these sizes has, without making it. */
export function parameterCount(sizes: GPTSizes): number {
  const { vocabularySize, context, width, heads, headWidth = width / heads, layers, tieHead } = sizes;
  const attention = heads * headWidth * (4 * width + 3) + width; // q, k and v, and their projection
  const block = attention + 8 * width ** 2 + 9 * width; // two norms, and the two layers of the MLP
  return ((tieHead ? 1 : 2) * vocabularySize + context + 2) * width + layers * block;
}
