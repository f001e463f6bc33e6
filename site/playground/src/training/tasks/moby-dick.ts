import type { MakeTask } from '../task';
import { characterTask } from './characters';

/** The first quarter of Moby-Dick: a GPT of two blocks of width 64 that goes on from its first words. */
export const mobyDick: MakeTask = (seed, { mobyDick: text }) =>
  characterTask(seed, { text, width: 64, layers: 2, context: 64, batch: 4, prompt: 'Call me', length: 160 });
