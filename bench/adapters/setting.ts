import type { Seeds } from '../reproduce/tuned';

/** A text that the base learns, and how. */
export interface Task {
  readonly name: string;
  readonly title: string;
  /** What the text is, as a sentence has it. */
  readonly text: string;
  /** The text, made of the one that the base has learned. */
  make(text: string): string;
  /** Whether the rank is meant to limit here: what the gate asks. */
  readonly limits: boolean;
  /** r, of adapters and of what else has a rank. */
  readonly rank: number;
  readonly steps: number;
  readonly batch: number;
  /** Rates that everything is tried with, as multiples of the row's own; then half and twice the best of them. */
  readonly grid: readonly number[];
}

/** What the page is made with. */
export interface Setting {
  /** The model that all runs begin with: GPT and training. */
  readonly base: {
    readonly width: number;
    readonly context: number;
    readonly steps: number;
    readonly batch: number;
    readonly rate: number;
    readonly seed: number;
  };
  /** Characters of validation. */
  readonly validation: number;
  /** The rank of LoRA that the gates compare with: all that a weight can have. */
  readonly higher: number;
  /** α over the rank, which is the scale of what has one. */
  readonly scale: number;
  readonly sparsity: number;
  readonly stages: number;
  readonly seeds: Seeds;
  readonly tasks: readonly Task[];
}

/** Fixed before the first search. */
export const setting: Setting = {
  base: { width: 32, context: 32, steps: 1000, batch: 8, rate: 0.006, seed: 0 },
  validation: 8192,
  higher: 32,
  scale: 2,
  sparsity: 0.5,
  stages: 4,
  seeds: { tuning: 100, counted: [0, 1, 2, 3, 4] },
  tasks: [
    {
      name: 'backwards',
      title: 'Where rank limits: the text backwards',
      text: 'Moby-Dick from its last character to its first: the same letters, and no order that the base has learned',
      make: (text) => Array.from(text).reverse().join(''),
      limits: true,
      rank: 2,
      steps: 500,
      batch: 4,
      grid: [1, 4, 16],
    },
    {
      name: 'lower-case',
      title: 'Where it does not: the text without capitals',
      text: 'Moby-Dick in small letters: the base has to unlearn its capitals, and little else',
      make: (text) => text.toLowerCase(),
      limits: false,
      rank: 8,
      steps: 60,
      batch: 8,
      grid: [0.25, 1, 4],
    },
  ],
};
