import { fold, key, seedKind } from '../base/key';
import {
  callable,
  choice,
  listOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  whole,
} from '../base/options';
import { compress } from '../compress/compress';
import { type Projection, type Projector, projectorKind } from '../compress/projector';
import { gaussian } from '../compress/projectors/gaussian';
import { applyUpdates } from '../optim/apply-updates';
import { chain } from '../optim/combinators/chain';
import { ema } from '../optim/parts/ema';
import { scale } from '../optim/parts/scale';
import { noGrad } from '../tensor/derivatives/no-grad';
import { zeros } from '../tensor/ops/create';
import { mul } from '../tensor/ops/elementwise/mul';
import { square } from '../tensor/ops/elementwise/square';
import { sub } from '../tensor/ops/elementwise/sub';
import { random } from '../tensor/ops/random/random';
import { sum } from '../tensor/ops/reductions/sum';

/** What a new projection does to the momentum. */
const policies = ['transfer', 'reset', 'keep'] as const;
const interval = number({ low: 1, high: Infinity });

const refreshTableOptions = {
  /** d of the weight [d, d] that is learned (default 32). */
  dimension: optional(whole({ low: 1, high: 4096 }), 32),
  /** Rows of the projection: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** κ, steps between projections; Infinity for one projection for good (default 5, 10, 20, 50, 150, Infinity). */
  intervals: optional(listOf(interval), [5, 10, 20, 50, 150, Infinity]),
  /** What a new projection does to the momentum (default all three). */
  policies: optional(listOf(choice(...policies)), [...policies]),
  /** How gradients are projected (default `projectors.gaussian`). */
  projector: optional(projectorKind, gaussian),
  /** Steps of a training (default 1500). */
  steps: optional(whole({ low: 1 }), 1500),
  /** β of the momentum (default 0.9). */
  decay: optional(number({ low: 0, high: 1 }), 0.9),
  /** The grid of learning rates, tried for each cell on a seed of its own (default 0.003, 0.01, 0.03, 0.1). */
  learningRates: optional(listOf(number({ low: Number.MIN_VALUE })), [0.003, 0.01, 0.03, 0.1]),
  /** Trainings with the best rate, each of another teacher and other projections (default 3). */
  seeds: optional(whole({ low: 1 }), 3),
  /** Everything random follows from it (default 0). */
  seed: optional(seedKind, 0),
  /** Called after each training, counted from 1; a promise is waited for. */
  onRun: optional(callable<(run: number) => unknown>('of the number of a training')),
};

/** Which intervals, ranks and policies, on what. */
export interface RefreshTableOptions extends OptionsOf<typeof refreshTableOptions> {}

/** One cell: what training with one interval and one policy comes to. */
export interface RefreshRow {
  /** Rows of the projection. */
  readonly rank: number;
  /** What a new projection did to the momentum. */
  readonly onRefresh: (typeof policies)[number];
  /** κ; `'never'` for Infinity, which JSON does not have. */
  readonly refreshEvery: number | 'never';
  /** The best of the grid on the tuning seed; null where every rate diverged. */
  readonly learningRate: number | null;
  /** Mean of ‖W − W*‖²/‖W*‖² after the last step, over the seeds; null where a training diverged (above 10⁶). */
  readonly error: number | null;
  /** The same, seed by seed. */
  readonly errors: readonly (number | null)[];
}

/** What counts as diverged. */
const diverged = 1e6;

/**
 * Does refreshing help? A linear teacher W* [d, d] of full rank is learned from its exact gradient W − W* by momentum in a
 * subspace, and all that is left of it is counted. One projection for good reaches no more than rank r of W*; new ones
 * reach the rest, if what they do to the momentum lets them. Learning rates are chosen for each cell on a seed of their own.
 * @throws OptionError `options/…`, `projector/rank`
 * @example
 * const rows = await refreshTable({ dimension: 8, ranks: [2], intervals: [10, Infinity], policies: ['reset'], steps: 200 });
 * const [often, never] = rows.map(({ error }) => error as number) as [number, number];
 * console.log(often < 0.1, never > 0.5); // prints true true
 */
export async function refreshTable(options: RefreshTableOptions): Promise<RefreshRow[]> {
  if (arguments.length > 1) refuseExtra('refreshTable', arguments, 1);
  const read = readOptions('refreshTable', refreshTableOptions, options);
  const { ranks, intervals, policies, learningRates, seeds, seed, onRun } = read;
  let runs = 0;
  const errorOf = async (cell: Cell, rate: number, at: number): Promise<number | null> => {
    const error = await learn({ ...read, ...cell, rate, seed: at });
    await onRun?.(++runs);
    return error;
  };
  const rows: RefreshRow[] = [];
  for (const rank of ranks) {
    for (const onRefresh of policies) {
      for (const refreshEvery of intervals) {
        const cell = { rank, onRefresh, refreshEvery };
        let [best, least]: [number | null, number] = [null, Infinity];
        for (const rate of learningRates) {
          const error = await errorOf(cell, rate, seed);
          if (error !== null && error < least) [best, least] = [rate, error];
        }
        const errors: (number | null)[] = [];
        for (let i = 1; i <= seeds; i++) errors.push(best === null ? null : await errorOf(cell, best, seed + i));
        const whole = errors.every((error) => error !== null);
        rows.push({
          rank,
          onRefresh,
          refreshEvery: refreshEvery === Infinity ? 'never' : refreshEvery,
          learningRate: best,
          error: whole ? errors.reduce((total, x) => total + x / seeds, 0) : null,
          errors,
        });
      }
    }
  }
  return rows;
}

/** How many trainings a table takes at most. */
export function refreshRuns({ ranks, intervals, policies, learningRates, seeds }: Counted): number {
  return ranks.length * intervals.length * policies.length * (learningRates.length + seeds);
}

interface Counted extends Readonly<Record<'ranks' | 'intervals' | 'policies' | 'learningRates', readonly unknown[]>> {
  readonly seeds: number;
}

interface Cell {
  readonly rank: number;
  readonly onRefresh: (typeof policies)[number];
  readonly refreshEvery: number;
}

interface Training extends Cell {
  readonly projector: Projector<Projection>;
  readonly dimension: number;
  readonly steps: number;
  readonly decay: number;
  readonly rate: number;
  readonly seed: number;
}

/** ‖W − W*‖²/‖W*‖² after the last step; null where it diverged. */
async function learn({
  projector,
  rank,
  onRefresh,
  refreshEvery,
  decay,
  rate,
  dimension,
  steps,
  seed,
}: Training): Promise<number | null> {
  const shape = [dimension, dimension];
  const target = mul(random.normal(fold(key(seed), 'teacher'), shape), dimension ** -0.5);
  // A rule in place of a number: what diverges here is what is asked for, and warned of elsewhere.
  const transform = chain(
    compress({ projector, rank, inner: ema({ decay }), refreshEvery: () => refreshEvery, onRefresh, seed }),
    scale(-rate),
  );
  const params = { w: zeros(shape) };
  let state = transform.init(params);
  for (let step = 0; step < steps; step++) {
    const [updates, next] = noGrad(() => transform.update({ w: sub(params.w, target) }, state, params));
    applyUpdates(params, updates);
    state = next;
  }
  const left = noGrad(() => sum(square(sub(params.w, target))));
  const error = (await left.item()) / (await noGrad(() => sum(square(target))).item());
  return error < diverged ? error : null;
}
