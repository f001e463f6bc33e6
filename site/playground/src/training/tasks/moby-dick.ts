import type { MakeTask } from '../task';
import { characterTask } from './characters';

/** The first fifth of Moby-Dick: a GPT of one block of width 64 that goes on from its first words. */
export const mobyDick: MakeTask = (seed, { mobyDick: text }) =>
  characterTask(seed, { text, width: 64, layers: 1, context: 64, batch: 4, prompt: 'Call me ', length: 160 });
