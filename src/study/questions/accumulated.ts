import { seedKind } from '../../base/key';
import { choice, listOf, number, optional, required, type ValuesOf, whole } from '../../base/options';
import { compress } from '../../compress/compress';
import { projectorKind } from '../../compress/projector';
import { gaussian } from '../../compress/projectors/gaussian';
import { chain } from '../../optim/combinators/chain';
import { ema } from '../../optim/parts/ema';
import { scale } from '../../optim/parts/scale';
import { decompose } from '../../tensor/linalg/svd';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { type Lesson, linearTeacher } from '../linear-teacher';
import { meanAndError, significant } from '../numbers';
import { type Pause, question } from '../question';
import { type Column, tableOf } from '../table';

/** What a new projection does to the momentum. */
const policies = ['transfer', 'reset', 'keep'] as const;

/** A singular value counts towards the rank where it is above this part of the largest one. */
const tolerance = 1e-4;

/** About how often a training is looked at. */
const looks = 20;

const options = {
  /** Rows of the projection. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** κ, steps between projections; Infinity for one projection for good. */
  intervals: optional(listOf(number({ low: 1, high: Infinity })), [20, 100, Infinity]),
  /** What a new projection does to the momentum: a reset, unless told otherwise, since it is stable at every interval. */
  policies: optional(listOf(choice(...policies)), ['reset']),
  /** How gradients are projected. */
  projector: optional(projectorKind, gaussian),
  /** d of the weight [d, d] that is learned. */
  dimension: optional(whole({ low: 1, high: 1024 }), 32),
  /** Steps of a training. */
  steps: optional(whole({ low: 1 }), 400),
  /** β of the momentum. */
  decay: optional(number({ low: 0, high: 1 }), 0.9),
  /** The learning rate of all trainings. */
  learningRate: optional(number({ low: Number.MIN_VALUE }), 0.02),
  /** Trainings of each kind, each of another teacher and other projections. */
  seeds: optional(whole({ low: 1 }), 3),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};
type Read = ValuesOf<typeof options>;

/** The accumulated update W_T − W_0 after some steps: means over the seeds, and their standard errors. */
export interface AccumulatedAt {
  /** T */
  readonly step: number;
  /** Singular values above 10⁻⁴ of the largest one. */
  readonly rank: number;
  /** Its standard error over the seeds. */
  readonly rankError: number;
  /** exp of the entropy of σᵢ²/Σσ²: d for d equal ones, 1 for one alone. */
  readonly effectiveRank: number;
  /** Its standard error over the seeds. */
  readonly effectiveRankError: number;
  /** Rows of all projections so far, at most d: no rank is above it. */
  readonly bound: number;
  /** ‖W − W*‖²/‖W*‖² */
  readonly left: number;
}

/** One kind of training. */
export interface AccumulatedRow {
  /** Rows of the projection; null for the dense momentum. */
  readonly rank: number | null;
  /** What a new projection did to the momentum; null for the dense one. */
  readonly onRefresh: (typeof policies)[number] | null;
  /** κ; `'never'` for one projection for good, null for the dense momentum. */
  readonly refreshEvery: number | 'never' | null;
  /** In the order of steps; it ends early where a training diverged. */
  readonly at: readonly AccumulatedAt[];
  /** d of the weight [d, d]. */
  readonly dimension: number;
  /** Trainings behind each mean. */
  readonly seeds: number;
  /** What everything random follows from. */
  readonly seed: number;
}

interface Cell {
  readonly rank: number;
  readonly onRefresh: (typeof policies)[number];
  readonly refreshEvery: number;
}

/**
 * Do new projections make updates of high rank? A sum Σ CᵢAᵢ over k independent projections has rank min(d, k·r) for almost
 * all C, and one projection for good no more than r, however long it trains. A linear teacher of full rank is learned,
 * and the rank of all that was added up is counted, beside a dense momentum.
 * @see Flora (Hao, Cao and Mou, ICML 2024), section 2: why it resamples
 */
export const accumulated = question({
  name: 'accumulated',
  asks: 'do new projections make the accumulated update one of high rank?',
  about: `A linear teacher of full rank is learned by momentum in a subspace. The numbers are ranks of all that
has been added to the weight, W − W at the start, over steps.`,
  example: 'floragrad study accumulated --rank 2,4 --every 20,100,never --report accumulated.html',
  usual: { ranks: [2, 4] },
  options,
  count: (read) => cellsOf(read).length + 1,
  async *answer(read, pause) {
    for (const cell of [...cellsOf(read), null]) yield rowOf(cell, read, pause);
  },
  table: (rows) => tableOf(columnsOf(rows), rows),
  reading: () => [
    'Each cell: singular values of the accumulated update above 10⁻⁴ of the largest one, and in brackets its effective rank, exp of the entropy of σ²/Σσ²: means over the seeds.',
    'At most: rows of all projections up to the last step. Left: |W − W*|²/|W*|² after it. A cell is empty where a training diverged before.',
  ],
  figures: (rows) => [
    figureOf(
      rows,
      'rank',
      'Rank of the accumulated update',
      'Theory: rows of all projections so far, which no rank exceeds.',
    ),
    figureOf(rows, 'effectiveRank', 'Effective rank of the accumulated update', 'exp of the entropy of σ²/Σσ².'),
  ],
});

function cellsOf({ ranks, policies, intervals }: Read): Cell[] {
  return ranks.flatMap((rank) =>
    policies.flatMap((onRefresh) => intervals.map((refreshEvery): Cell => ({ rank, onRefresh, refreshEvery }))),
  );
}

async function rowOf(cell: Cell | null, read: Read, pause: Pause): Promise<AccumulatedRow> {
  const { dimension, steps, seeds, seed } = read;
  const lessons = Array.from({ length: seeds }, (_, i) => lessonOf(cell, read, seed + i));
  const every = Math.ceil(steps / looks);
  const at: AccumulatedAt[] = [];
  for (let step = 1; step <= steps; step++) {
    await pause(`${nameOf(cell)}, step ${step}`);
    for (const lesson of lessons) lesson.step();
    if (step !== 1 && step % every !== 0 && step !== steps) continue;
    const seen = await Promise.all(lessons.map(look));
    if (!seen.every(({ left }) => left < diverged)) break;
    const [rank, effective] = [meanAndError(seen.map((x) => x.rank)), meanAndError(seen.map((x) => x.effectiveRank))];
    const projections = cell ? Math.floor((step - 1) / cell.refreshEvery) + 1 : Infinity;
    at.push({
      step,
      rank: rank.mean,
      rankError: rank.standardError,
      effectiveRank: effective.mean,
      effectiveRankError: effective.standardError,
      bound: Math.min(dimension, (cell?.rank ?? 1) * projections),
      left: meanAndError(seen.map(({ left }) => left)).mean,
    });
  }
  const { rank = null, onRefresh = null, refreshEvery = null } = cell ?? {};
  return {
    rank,
    onRefresh,
    refreshEvery: refreshEvery === Infinity ? 'never' : refreshEvery,
    at,
    dimension,
    seeds,
    seed,
  };
}

/** What counts as diverged. */
const diverged = 1e6;

function lessonOf(cell: Cell | null, { dimension, projector, decay, learningRate }: Read, seed: number): Lesson {
  const [inner, rate] = [ema({ decay }), scale(-learningRate)];
  if (!cell) return linearTeacher(dimension, seed, chain(inner, rate));
  const { rank, onRefresh, refreshEvery } = cell;
  // A rule in place of a number: what diverges here is what is asked for, and warned of elsewhere.
  const compressed = compress({ projector, rank, inner, refreshEvery: () => refreshEvery, onRefresh, seed });
  return linearTeacher(dimension, seed, chain(compressed, rate));
}

/** Ranks of W, which was zero at the start, and what is left of the teacher; in float64. */
async function look({ weight, target }: Lesson) {
  const [w, goal] = [Float32Array.from(await weight.data()), await target.data()];
  let [off, whole] = [0, 0];
  for (let i = 0; i < goal.length; i++) {
    off += ((w[i] as number) - (goal[i] as number)) ** 2;
    whole += (goal[i] as number) ** 2;
  }
  const left = off / whole;
  if (!(left < diverged)) return { rank: NaN, effectiveRank: NaN, left };
  const [n, m] = weight.shape as readonly [number, number];
  const { lengths } = decompose(w, [n, m], Math.min(n, m));
  return { ...ranksOf(lengths), left };
}

/** Both ranks of a matrix with these singular values, in descending order. */
function ranksOf(lengths: readonly number[]): { readonly rank: number; readonly effectiveRank: number } {
  const total = lengths.reduce((sum, x) => sum + x * x, 0);
  const entropy = lengths.reduce((sum, x) => (x === 0 ? sum : sum - ((x * x) / total) * Math.log((x * x) / total)), 0);
  return {
    rank: lengths.filter((x) => x > tolerance * (lengths[0] as number)).length,
    effectiveRank: total === 0 ? 0 : Math.exp(entropy),
  };
}

function nameOf(cell: Pick<AccumulatedRow, 'rank' | 'onRefresh' | 'refreshEvery'> | null): string {
  if (!cell || cell.rank === null) return 'dense';
  const { rank, onRefresh, refreshEvery } = cell;
  const never = refreshEvery === 'never' || refreshEvery === Infinity;
  return never ? `rank ${rank}, never` : `rank ${rank}, ${onRefresh} every ${refreshEvery}`;
}

function figureOf(rows: readonly AccumulatedRow[], of: 'rank' | 'effectiveRank', title: string, what: string): Figure {
  const curves = rows.map((row): Curve => {
    const points = row.at.map((at) => {
      const [y, error] = [at[of], at[`${of}Error`]];
      return { x: at.step, y, low: y - 2 * error, high: y + 2 * error };
    });
    const theory = row.at.map(({ step: x, bound: y }) => ({ x, y }));
    return { label: nameOf(row), points, ...(of === 'rank' && row.rank !== null && { theory }) };
  });
  return curvesFigure({
    name: of === 'rank' ? 'accumulated-rank' : 'accumulated-effective-rank',
    title,
    caption: `Means over the seeds, with twice their standard error on both sides. ${what}`,
    x: { title: 'steps' },
    y: { title: of === 'rank' ? 'rank' : 'effective rank' },
    curves,
  });
}

function columnsOf(rows: readonly AccumulatedRow[]): Column<AccumulatedRow>[] {
  const steps = [...new Set(rows.flatMap(({ at }) => at.map(({ step }) => step)))].sort((a, b) => a - b);
  const shown = steps.filter((_, i) => i % Math.ceil(steps.length / 4) === 0 || i === steps.length - 1);
  return [
    { heading: 'update', cell: nameOf },
    ...shown.map(
      (step): Column<AccumulatedRow> => ({
        heading: `step ${step}`,
        align: 'right',
        cell: ({ at }) => {
          const seen = at.find((one) => one.step === step);
          return seen ? `${significant(seen.rank)} (${significant(seen.effectiveRank)})` : '';
        },
      }),
    ),
    { heading: 'at most', align: 'right', cell: ({ at }) => String(at.at(-1)?.bound ?? '') },
    { heading: 'left', align: 'right', cell: ({ at }) => significant(at.at(-1)?.left ?? NaN) },
  ];
}
