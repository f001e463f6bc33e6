import type { ValuesOf } from '../../base/options';
import { lines, rank } from '../common-options';
import { required } from '../options';
import { listOf, oneOf, whole } from '../values';
import { compressing, optimizerNames, optimizers } from './optimizers';

/** A whole comparison: the task, the model, and which optimizers train it. What is left out is as the preset says. */
export const presetOptions = {
  optimizer: required(listOf(oneOf(optimizerNames)), 'LIST', 'what is compared, on the same batches'),
  rank: required(listOf(rank), 'LIST', `rank of ${compressing}'s projection; several, as in 16,64, are several runs`),
  refreshEvery: required(whole(1, 1e9), 'K', `steps between new projections of ${compressing}`),
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
  rank: [64],
  refreshEvery: 100,
  seeds: 1,
  steps: 600,
  batch: 8,
  context: 64,
  width: 128,
  heads: 4,
  layers: 2,
};

export const presets = {
  /** Half a minute: a small model, enough to see it learn. */
  quick: { ...standard, rank: [32], steps: 300, width: 64 },
  /** Two to three minutes: no momentum, dense and compressed, far enough to beat counting pairs. */
  default: standard,
  /** A quarter of an hour: how the gap to dense closes with the rank, over three seeds. */
  full: { ...standard, rank: [8, 16, 32, 64], seeds: 3 },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];
