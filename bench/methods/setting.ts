import type { TextTraining } from '../reproduce/tasks/text';
import type { Seeds } from '../reproduce/tuned';

/** What the page is made with; a trial takes less. */
export interface Setting extends Omit<TextTraining, 'seed'> {
  /** The rank of the comparison at equal rank. */
  readonly rank: number;
  /** The bytes of the comparison at equal bytes, as a share of those of dense Adam. */
  readonly budget: number;
  /** Steps between new projections. */
  readonly refreshEvery: number;
  readonly seeds: Seeds;
  /** The rates that everything is tried with; then half and twice the best of them. */
  readonly grid: readonly number[];
  /** Rounds of the steps that are timed. */
  readonly rounds: number;
  /** Steps between new projections there. */
  readonly timedRefreshEvery: number;
}

/** Fixed before the first search. */
export const setting: Setting = {
  width: 64,
  batch: 4,
  steps: 300,
  rank: 16,
  budget: 1 / 3,
  refreshEvery: 30,
  seeds: { tuning: 100, counted: [0, 1, 2] },
  grid: [0.001, 0.004, 0.016, 0.064, 0.256],
  rounds: 61,
  timedRefreshEvery: 10,
};
