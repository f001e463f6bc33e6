import type { GPTOptions } from './gpt';

/** What a GPT is made by, without its first values. */
export type GPTSizes = Omit<GPTOptions, 'key'>;

/** How many numbers a GPT of these sizes has, without making it. */
export function parameterCount({ vocabularySize, context, width, layers, tieHead }: GPTSizes): number {
  const block = 12 * width ** 2 + 13 * width; // two norms, q, k and v, their projection, and the two layers of the MLP
  return ((tieHead ? 1 : 2) * vocabularySize + context + 2) * width + layers * block;
}
