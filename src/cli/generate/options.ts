import { modelFile, threads } from '../common-options';
import { option } from '../options';
import { atLeastZero, positive, whole, words } from '../values';

export const generateOptions = {
  model: modelFile('generate', 'MODEL.safetensors'),
  prompt: {
    ...option(words, 'TEXT', 'the text to go on from, in characters that the model knows'),
    shown: 'the start of a line',
  },
  length: option(whole(0, 1_000_000), 'N', 'most characters to write', 400),
  temperature: option(atLeastZero({ upTo: 1e6 }), 'T', '0 takes the likeliest character, more is wilder', 1),
  topK: option(whole(1, 1_114_112), 'K', 'draw among the K likeliest characters only'),
  topP: option(positive({ upTo: 1 }), 'P', 'draw among the fewest characters that together have this probability'),
  stop: option(words, 'TEXT', 'end before this text'),
  adapter: option(words, 'DIR', "merge this adapter first, in PEFT's format or as finetune --save-adapter writes it"),
  threads,
} as const;
