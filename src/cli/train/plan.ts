import { seedsFrom } from '../common-options';
import { type OptimizerName, optimizers } from './optimizers';
import type { TrainSettings } from './options';

/** One optimizer, one rank, one seed. */
export interface RunPlan {
  readonly optimizer: OptimizerName;
  /** `null` where nothing is compressed. */
  readonly rank: number | null;
  readonly seed: number;
}

type Compared = Pick<TrainSettings, 'optimizer' | 'rank' | 'seeds' | 'seed'>;

/** How many runs an optimizer has for a seed: a ranked one has one for each rank. */
const ranksOf = (name: OptimizerName, ranks: readonly number[]): readonly (number | null)[] =>
  optimizers[name].ranked ? ranks : [null];

/** How many runs a comparison has. */
export function runCount({ optimizer, rank, seeds }: Compared): number {
  return seeds * optimizer.reduce((sum, name) => sum + ranksOf(name, rank).length, 0);
}

/** All runs of a comparison: seed by seed, the optimizers in the order given, a ranked one once for each rank. */
export function planRuns({ optimizer, rank, seeds, seed }: Compared): RunPlan[] {
  return seedsFrom(seed, seeds).flatMap((each) =>
    optimizer.flatMap((name) => ranksOf(name, rank).map((one) => ({ optimizer: name, rank: one, seed: each }))),
  );
}

export const runName = ({ optimizer, rank }: Pick<RunPlan, 'optimizer' | 'rank'>): string =>
  rank === null ? optimizer : `${optimizer} rank ${rank}`;

/** The title of a run; it has the seed if there are several. */
export function runTitle(run: RunPlan, seeds: number): string {
  return seeds > 1 ? `${runName(run)}, seed ${run.seed}` : runName(run);
}

/** How many different seeds the runs of a comparison have. */
export const seedsOf = (runs: readonly { readonly seed: number }[]): number =>
  new Set(runs.map(({ seed }) => seed)).size;

/** The folder of a run under those of `--checkpoint` and `--resume`. */
export const folderName = ({ optimizer, rank, seed }: RunPlan): string =>
  `${optimizer}${rank === null ? '' : `-rank-${rank}`}-seed-${seed}`;
