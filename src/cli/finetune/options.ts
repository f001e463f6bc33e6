import type { Settings } from '../command';
import { learningRate, lines, modelFile, rank, threads } from '../common-options';
import { option } from '../options';
import { rankOptions } from '../ranks/options';
import { listOf, oneOf, positive, type Typed, words } from '../values';
import { type MethodName, methodNames, projecting, sparseMethods, stagedMethods, usualMethods } from './methods';

const named = listOf(oneOf(methodNames));

/** Names, or one word for all of them. */
const namedOrAll: Typed<readonly MethodName[]> = {
  ...named,
  read: (name, list) => (list.trim() === 'all' ? methodNames : named.read(name, list)),
};

export const finetuneOptions = {
  base: modelFile('finetune', 'BASE.safetensors'),
  data: option(...lines.data, 'sotu'),
  method: option(namedOrAll, 'LIST', 'what is compared; all for everything', usualMethods),
  rank: option(rank, 'R', `rank of adapters and of ${projecting}'s projection`, 8),
  alpha: option(positive({ upTo: 1e6 }), 'X', 'scale of adapters, times 1/rank', 16),
  sparsity: option(
    positive({ below: 1 }),
    'X',
    `share of the weights pruned before ${sparseMethods.map(({ name }) => name).join(', ')} and its baselines`,
    0.5,
  ),
  stages: option(lines.steps[0], 'N', `stages of ${stagedMethods.join(', ')}`, 4),
  steps: option(...lines.steps, 300),
  batch: option(...lines.batch, 8),
  learningRate: learningRate('method'),
  seeds: option(...lines.seeds, 1),
  report: { ...option(...lines.report, 'finetune.html'), output: true },
  save: {
    ...option(words, 'FILE', 'write the tuned model here, with its adapter merged; of one method and one seed'),
    output: true,
  },
  saveAdapter: {
    ...option(
      words,
      'DIR',
      "write the adapter alone here, in PEFT's format if that has a place for it; of one method and one seed",
    ),
    incidental: true,
  },
  ...rankOptions,
  threads,
} as const;

export type FineTuneSettings = Settings<typeof finetuneOptions>;
