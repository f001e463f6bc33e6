import type { MakeTask } from '../task';
import { characterTask } from './characters';

/** First names, one a line: a GPT of one block of width 32 that makes up some. */
export const names: MakeTask = (seed, { names: text }) =>
  characterTask(seed, { text, width: 32, layers: 1, context: 32, batch: 8, prompt: '\n', length: 60 });
