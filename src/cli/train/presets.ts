import type { OptimizerName } from './optimizers';

/** A whole comparison: the task, the model, and which optimizers train it. Every field has an option of its name. */
export interface Plan {
  /** `moby-dick`, `names` or a file. */
  readonly data: string;
  readonly optimizers: readonly OptimizerName[];
  /** Ranks for Flora, each a run. */
  readonly ranks: readonly number[];
  /** Steps between new projections (κ in the paper). */
  readonly refreshEvery: number;
  /** How many seeds, counted up from `--seed`; each repeats every run. */
  readonly seeds: number;
  readonly steps: number;
  /** Windows in a batch. */
  readonly batch: number;
  /** Characters in a window. */
  readonly context: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
}

const standard: Plan = {
  data: 'moby-dick',
  optimizers: ['none', 'adafactor', 'flora'],
  ranks: [64],
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
  quick: { ...standard, ranks: [32], steps: 300, width: 64 },
  /** Two to three minutes: no momentum, dense and compressed, far enough to beat counting pairs. */
  default: standard,
  /** A quarter of an hour: how the gap to dense closes with the rank, over three seeds. */
  full: { ...standard, ranks: [8, 16, 32, 64], seeds: 3 },
} satisfies Record<string, Plan>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];
