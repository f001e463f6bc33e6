import { seedKind } from '../../base/key';
import { choice, listOf, number, optional, required, type ValuesOf, whole } from '../../base/options';
import { compress } from '../../compress/compress';
import { type Projection, type Projector, projectorKind } from '../../compress/projector';
import { gaussian } from '../../compress/projectors/gaussian';
import { chain } from '../../optim/combinators/chain';
import { ema } from '../../optim/parts/ema';
import { scale } from '../../optim/parts/scale';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { square } from '../../tensor/ops/elementwise/square';
import { sub } from '../../tensor/ops/elementwise/sub';
import { sum } from '../../tensor/ops/reductions/sum';
import { curvesFigure, type Figure } from '../figure';
import { linearTeacher } from '../linear-teacher';
import { significant } from '../numbers';
import { type Pause, question } from '../question';
import { type Column, tableOf } from '../table';

/** What a new projection does to the momentum. */
const policies = ['transfer', 'reset', 'keep'] as const;
type RefreshPolicy = (typeof policies)[number];

const options = {
  /** Rows of the projection: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** κ, steps between projections; Infinity for one projection for good. */
  intervals: optional(listOf(number({ low: 1, high: Infinity })), [5, 10, 20, 50, 150, Infinity]),
  /** What a new projection does to the momentum. */
  policies: optional(listOf(choice(...policies)), [...policies]),
  /** How gradients are projected. */
  projector: optional(projectorKind, gaussian),
  /** d of the weight [d, d] that is learned. */
  dimension: optional(whole({ low: 1, high: 4096 }), 32),
  /** Steps of a training. */
  steps: optional(whole({ low: 1 }), 1500),
  /** β of the momentum. */
  decay: optional(number({ low: 0, high: 1 }), 0.9),
  /** The grid of learning rates, tried for each cell on a seed of its own. */
  learningRates: optional(listOf(number({ low: Number.MIN_VALUE })), [0.003, 0.01, 0.03, 0.1]),
  /** Trainings with the best rate, each of another teacher and other projections. */
  seeds: optional(whole({ low: 1 }), 3),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};

/** One cell: what training with one interval and one policy comes to. */
export interface RefreshRow {
  /** Rows of the projection. */
  readonly rank: number;
  /** What a new projection did to the momentum. */
  readonly onRefresh: RefreshPolicy;
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
 */
export const refresh = question({
  name: 'refresh',
  asks: 'does a new projection help, and what should become of the momentum?',
  about: `A linear teacher of full rank is learned from its exact gradient by momentum in a subspace. The
numbers say how much of it is left; the learning rate of each is the best of a grid, on another seed.`,
  example: 'floragrad study refresh --rank 2,4 --every 5,10,20,50,150,never --report refresh.html',
  usual: { ranks: [2, 4] },
  options,
  count: ({ ranks, policies, intervals }) => ranks.length * policies.length * intervals.length,
  async *answer(read, pause) {
    for (const rank of read.ranks)
      for (const onRefresh of read.policies)
        for (const refreshEvery of read.intervals) yield cellOf({ rank, onRefresh, refreshEvery }, read, pause);
  },
  table: (rows) => tableOf(columnsOf(rows), curvesOf(rows)),
  reading: () => [
    'What is left of the teacher, |W − W*|²/|W*|², after the last step: mean over the seeds; 0 is all learned, 1 nothing.',
    'Each with the best learning rate of a grid, chosen on a seed that is not counted. diverged: above 10⁶, at every rate or in a counted seed.',
  ],
  figures: (rows) => [...new Set(rows.map(({ rank }) => rank))].map((rank) => figureOf(rank, rows)),
});

/** One cell: its rate is chosen on `seed`, its errors are of the seeds after that. */
async function cellOf(cell: Cell, read: ValuesOf<typeof options>, pause: Pause): Promise<RefreshRow> {
  const { learningRates, seeds, seed } = read;
  const { rank, onRefresh, refreshEvery } = cell;
  const errorOf = async (rate: number, at: number): Promise<number | null> => {
    await pause(`rank ${rank}, ${onRefresh}, every ${refreshEvery}, rate ${rate}`);
    return learn({ ...read, ...cell, rate, seed: at });
  };
  let [best, least]: [number | null, number] = [null, Infinity];
  for (const rate of learningRates) {
    const error = await errorOf(rate, seed);
    if (error !== null && error < least) [best, least] = [rate, error];
  }
  const errors: (number | null)[] = [];
  for (let i = 1; i <= seeds; i++) errors.push(best === null ? null : await errorOf(best, seed + i));
  const whole = errors.every((error) => error !== null);
  return {
    rank,
    onRefresh,
    refreshEvery: refreshEvery === Infinity ? 'never' : refreshEvery,
    learningRate: best,
    error: whole ? errors.reduce((total, x) => total + x / seeds, 0) : null,
    errors,
  };
}

/** The cells of one rank and one policy, by interval. */
interface RefreshCurve {
  readonly rank: number;
  readonly onRefresh: RefreshPolicy;
  readonly cells: ReadonlyMap<RefreshRow['refreshEvery'], RefreshRow>;
}

function curvesOf(rows: readonly RefreshRow[]): RefreshCurve[] {
  const curves = new Map<string, RefreshRow[]>();
  for (const row of rows) {
    const name = `${row.rank} ${row.onRefresh}`;
    curves.set(name, [...(curves.get(name) ?? []), row]);
  }
  return [...curves.values()].map((cells) => {
    const { rank, onRefresh } = cells[0] as RefreshRow;
    return { rank, onRefresh, cells: new Map(cells.map((row) => [row.refreshEvery, row])) };
  });
}

/** A row for each rank and policy, a column for each interval; one that is not there yet is left empty. */
function columnsOf(rows: readonly RefreshRow[]): Column<RefreshCurve>[] {
  const intervals = [...new Set(rows.map(({ refreshEvery }) => refreshEvery))];
  return [
    { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
    { heading: 'momentum', cell: ({ onRefresh }) => onRefresh },
    ...intervals.map(
      (interval): Column<RefreshCurve> => ({
        heading: interval === 'never' ? 'never' : `every ${interval}`,
        align: 'right',
        cell: ({ cells }) => {
          const row = cells.get(interval);
          return row === undefined ? '' : row.error === null ? 'diverged' : significant(row.error);
        },
      }),
    ),
  ];
}

function figureOf(rank: number, all: readonly RefreshRow[]): Figure {
  const rows = all.filter((row) => row.rank === rank);
  const never = rows.find(({ refreshEvery, error }) => refreshEvery === 'never' && error !== null)?.error;
  return curvesFigure({
    name: `refresh-rank-${rank}`,
    title: `What is left of the teacher, rank ${rank}`,
    caption:
      'Means over the seeds, from the smallest to the largest. Dashed: with one projection for good. A point that is missing diverged.',
    x: { title: 'steps between projections', log: true },
    y: { title: 'left of the teacher', log: true },
    curves: curvesOf(rows).map(({ onRefresh, cells }) => ({
      label: onRefresh,
      points: [...cells.values()]
        .filter(({ refreshEvery }) => refreshEvery !== 'never')
        .map(({ refreshEvery: x, error: y, errors }) => ({ x, y, ...rangeOf(errors) })),
    })),
    ...(typeof never === 'number' && { levels: [{ label: 'never', y: never }] }),
  });
}

function rangeOf(errors: readonly (number | null)[]): { readonly low?: number; readonly high?: number } {
  const known = errors.filter((error) => error !== null);
  return known.length === errors.length ? { low: Math.min(...known), high: Math.max(...known) } : {};
}

interface Cell {
  readonly rank: number;
  readonly onRefresh: RefreshPolicy;
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
  // A rule in place of a number: what diverges here is what is asked for, and warned of elsewhere.
  const transform = chain(
    compress({ projector, rank, inner: ema({ decay }), refreshEvery: () => refreshEvery, onRefresh, seed }),
    scale(-rate),
  );
  const lesson = linearTeacher(dimension, seed, transform);
  for (let step = 0; step < steps; step++) lesson.step();
  const { weight, target } = lesson;
  const left = noGrad(() => sum(square(sub(weight, target))));
  const error = (await left.item()) / (await noGrad(() => sum(square(target))).item());
  return error < diverged ? error : null;
}
