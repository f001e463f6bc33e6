import type { ValuesOf } from '../../base/options';
import { lines, rank } from '../common-options';
import { required } from '../options';
import { listOf, oneOf, positive, whole } from '../values';
import { firstOfCatalogue, optimizerNames, optimizers, orderings, projecting, withMomentum } from './optimizers';

/** A whole comparison: the task, the model, and which optimizers train it. What is left out is as the preset says. */
export const presetOptions = {
  optimizer: required(
    listOf(oneOf(optimizerNames)),
    'LIST',
    `what is compared, on the same batches; docs/methods.md has those from ${firstOfCatalogue} on`,
  ),
  rank: required(listOf(rank), 'LIST', 'rank of what is projected; several, as in 16,64, are several runs'),
  refreshEvery: required(whole(1, 1e9), 'K', 'steps between new projections'),
  ordering: required(
    oneOf(orderings),
    'NAME',
    `order of ${projecting}'s steps, of which the second is that of the authors' code`,
  ),
  momentum: required(positive({ below: 1 }), 'B', `weight of the past in the momentum of ${withMomentum}`),
  data: required(...lines.data),
  steps: required(...lines.steps),
  batch: required(...lines.batch),
  context: required(whole(1, 65_536), 'N', 'characters in a window'),
  width: required(whole(1, 65_536), 'N', 'width of the model, a multiple of --heads'),
  heads: required(whole(1, 65_536), 'N', 'attention heads'),
  layers: required(whole(1, 10_000), 'N', 'transformer blocks'),
  seeds: required(...lines.seeds),
};

type Preset = ValuesOf<typeof presetOptions>;

const standard: Preset = {
  data: 'moby-dick',
  optimizer: [optimizers.none.name, optimizers.adafactor.name, optimizers.flora.name],
  rank: [32],
  refreshEvery: 100,
  ordering: 'flora-opt',
  momentum: 0.5,
  seeds: 3,
  steps: 1500,
  batch: 8,
  context: 64,
  width: 64,
  heads: 4,
  layers: 2,
};

export const presets = {
  /** A quarter of a minute: one seed and a fifth of the steps, enough to see it learn and too little to tell anything. */
  quick: { ...standard, seeds: 1, steps: 300 },
  /** Two to three minutes: a task on which momentum is worth something (`docs/main-job.md`), dense, compressed and left out. */
  default: standard,
  /** Eight minutes: how much of that is kept at each rank. */
  full: { ...standard, rank: [8, 16, 32], seeds: 5 },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];
