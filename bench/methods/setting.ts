import type { TextTraining } from '../reproduce/tasks/text';
import type { Seeds } from '../reproduce/tuned';

/** What the page is made with; a trial takes less. */
export interface Setting extends Omit<TextTraining, 'seed'> {
  /** Of the comparison at equal rank; Flora's bytes at this rank are the budget of the other one. */
  readonly rank: number;
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
  steps: 400,
  rank: 16,
  refreshEvery: 50,
  seeds: { tuning: 100, counted: [0, 1, 2] },
  grid: [0.001, 0.004, 0.016, 0.064, 0.256, 1.024],
  rounds: 61,
  timedRefreshEvery: 10,
};
