import { fold, key, seedKind } from '../../base/key';
import { listOf, number, optional, required, type ValuesOf, whole } from '../../base/options';
import { floraAccumulate } from '../../compress/flora-accumulate';
import { compressedDimension, projectorKind } from '../../compress/projector';
import { gaussian } from '../../compress/projectors/gaussian';
import { scale } from '../../optim/parts/scale';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { add } from '../../tensor/ops/elementwise/add';
import { mul } from '../../tensor/ops/elementwise/mul';
import { random } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { meanAndError, significant, withError } from '../numbers';
import { type Pause, question } from '../question';
import { inner, readGradient, roundTrip } from '../round-trip';
import { gradientsKind, type StudiedGradient } from '../studied-gradient';
import { type Column, tableOf } from '../table';

const options = {
  /** Gradients [n, m] by name. */
  gradients: required(gradientsKind),
  /** How gradients are projected: by one that does not look at them. */
  projector: optional(projectorKind, gaussian),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** Numbers of micro-batches. */
  batches: optional(listOf(whole({ low: 1 })), [1, 2, 4, 8, 16, 32]),
  /** Squared size of the noise of one micro-batch, relative to the gradient: 0 for micro-batches that are all alike. */
  noise: optional(number({ low: 0 }), 1),
  /** β of the momentum. */
  decay: optional(number({ low: 0, high: 1 }), 0.9),
  /** Cycles, each with noise and projections of its own. */
  trials: optional(whole({ low: 2 }), 60),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};
type Read = ValuesOf<typeof options>;

/** How micro-batches come together. */
const ways = ['one projection', 'fresh projections', 'momentum', 'exact'] as const;
type Way = (typeof ways)[number];

/** The error after some micro-batches. */
export interface AveragingAt {
  /** n */
  readonly batches: number;
  /** Mean of ‖average − G‖²/‖G‖² over the trials. */
  readonly error: number;
  /** Standard error of the mean. */
  readonly standardError: number;
  /** Null where no theory says it. */
  readonly theory: number | null;
}

/** One way to average, at one rank. */
export interface AveragingRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Name of the projector. */
  readonly projector: string;
  /** Rows of the projection. */
  readonly rank: number;
  /**
   * `one projection` for all of a cycle (`floraAccumulate`, Algorithm 1); `fresh projections`, one for each micro-batch,
   * and the mean of what comes up; `momentum`, a moving mean of the same, debiased; `exact`, the mean of the micro-batches.
   */
  readonly way: Way;
  /** What came of each number of micro-batches. */
  readonly at: readonly AveragingAt[];
  /** Squared size of a micro-batch’s noise, relative to the gradient. */
  readonly noise: number;
  /** β of the momentum that stands beside the averages. */
  readonly decay: number;
  /** Cycles behind each mean. */
  readonly trials: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/**
 * How does the error of an averaged gradient fall with the number n of micro-batches G + N_i, E‖N_i‖² = ν‖G‖²? With
 * g = mse + 2·gain − 1 = E‖Ĝ‖²/‖G‖²: one projection for all leaves mse + g·ν/n, for its own error does not average;
 * fresh ones leave (g·(1 + ν) − gain²)/n + (1 − gain)². A moving mean does as well as (Σw)²/Σw² draws of its weights
 * w = 1, β, β², …, which ends at (1 + β)/(1 − β).
 */
export const averaging = question({
  name: 'averaging',
  asks: 'does averaging take the error of projections away?',
  about: `Micro-batches, a gradient with noise, are averaged: projected by one projection for all of a cycle, by a
fresh one for each, under a momentum over fresh ones, or not at all. The numbers are squared errors.`,
  example: 'floragrad study averaging --rank 4,16 --report averaging.html',
  usual: { shape: [64, 128], ranks: [4, 16] },
  options,
  count: ({ gradients, ranks }) => gradients.length * ranks.length * ways.length,
  async *answer(read, pause) {
    for (const gradient of read.gradients) for (const rank of read.ranks) yield* rowsOf(gradient, rank, read, pause);
  },
  table: (rows) => tableOf(columnsOf(rows), rows),
  reading: (rows) => [
    'Error: |average − gradient|²/|gradient|², mean over trials with its standard error; theory in brackets.',
    'One projection for all of a cycle keeps its own error, whatever is averaged under it; fresh projections average it away with the noise, but what they project cannot be added up before it is projected up again.',
    ...[...new Set(rows.map(({ decay }) => decay))].map(
      (decay) => `A momentum of decay ${decay} is worth ${significant((1 + decay) / (1 - decay))} draws at most.`,
    ),
  ],
  figures: (rows) =>
    [...new Set(rows.map(({ gradient }) => gradient))].flatMap((name) => {
      const own = rows.filter(({ gradient }) => gradient === name);
      return [...new Set(own.map(({ rank }) => rank))].map((rank) => figureOf(name, rank, own));
    }),
});

async function* rowsOf(
  { name, gradient }: StudiedGradient,
  rank: number,
  read: Read,
  pause: Pause,
): AsyncGenerator<AveragingRow> {
  const { projector, batches, noise, decay, trials, seed } = read;
  const errors = new Map(ways.map((way) => [way, batches.map(() => new Float64Array(trials))]));
  const cycles = batches.map((n) => accumulated(gradient, rank, n, read));
  const { values } = await readGradient(projector, gradient);
  const norm = inner(values, values);
  const most = Math.max(...batches);
  for (let trial = 0; trial < trials; trial++) {
    await pause(`${name} rank ${rank}, trial ${trial}`);
    const micro = noGrad(() =>
      microBatches(gradient, Math.sqrt((norm * noise) / values.length), most, { seed, trial }),
    );
    const put = (way: Way, which: number, average: ArrayLike<number>): void => {
      ((errors.get(way) as Float64Array[])[which] as Float64Array)[trial] =
        squaredDistance(average, values) / (norm || 1);
    };
    for (const [which, cycle] of cycles.entries()) put('one projection', which, await cycle(micro));
    const means = {
      fresh: runningMean(values.length, 1),
      momentum: runningMean(values.length, decay),
      exact: runningMean(values.length, 1),
    };
    for (const [i, batch] of micro.entries()) {
      const lifted = await roundTrip(projector, batch, { rank, seed, trial: trial * most + i });
      const now = {
        fresh: means.fresh(lifted),
        momentum: means.momentum(lifted),
        exact: means.exact(await batch.data()),
      };
      for (const [which, n] of batches.entries()) {
        if (n !== i + 1) continue;
        put('fresh projections', which, now.fresh);
        put('momentum', which, now.momentum);
        put('exact', which, now.exact);
      }
    }
  }
  const theory = await theoryOf(gradient, rank, read);
  for (const way of ways) {
    const at = batches.map((n, which): AveragingAt => {
      const { mean: error, standardError } = meanAndError((errors.get(way) as Float64Array[])[which] as Float64Array);
      return { batches: n, error, standardError, theory: theory(way, n) };
    });
    yield { gradient: name, projector: projector.name, rank, way, at, noise, decay, trials, seed };
  }
}

/** G + N_i, entries of N_i normal with this standard deviation. */
function microBatches(
  gradient: Tensor,
  deviation: number,
  count: number,
  { seed, trial }: { seed: number; trial: number },
): Tensor[] {
  return Array.from({ length: count }, (_, i) => {
    const noise = random.normal(fold(key(seed), 'noise', trial, i), gradient.shape);
    return add(gradient, mul(noise, deviation));
  });
}

/** The mean of the first n micro-batches by Algorithm 1, for one cycle after the other. */
function accumulated(gradient: Tensor, rank: number, n: number, { projector, seed }: Read) {
  const transform = floraAccumulate({ steps: n, rank, inner: scale(1), projector, seed, filter: () => true });
  let state = transform.init({ w: gradient });
  return async (micro: readonly Tensor[]): Promise<ArrayLike<number>> => {
    let mean: Tensor | undefined;
    for (const w of micro.slice(0, n)) {
      const [updates, next] = transform.update({ w }, state, { w: gradient });
      state = next;
      mean = updates.w;
    }
    return (mean as Tensor).data(); // the last of n steps has an update
  };
}

/** Σ β^(n−i)·x_i / Σ β^(n−i) in float64, of all values so far: a moving mean without the bias of its start. */
function runningMean(length: number, decay: number): (x: ArrayLike<number>) => Float64Array {
  const mean = new Float64Array(length);
  let weight = 0;
  return (x) => {
    weight = decay * weight + 1;
    for (let i = 0; i < length; i++) (mean[i] as number) += ((x[i] as number) - (mean[i] as number)) / weight;
    return mean;
  };
}

/** (Σw)²/Σw² of the weights of n values. */
function effectiveDraws(n: number, decay: number): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    sum += decay ** i;
    squares += decay ** (2 * i);
  }
  return sum ** 2 / squares;
}

async function theoryOf(gradient: Tensor, rank: number, { projector, noise, decay }: Read) {
  const given = await readGradient(projector, gradient);
  const { gain, relativeMse: mse } = projector.theory(compressedDimension(given), rank, given);
  const zero = inner(given.values, given.values) === 0; // then the noise, which is relative, is zero as well
  return (way: Way, n: number): number | null => {
    if (zero) return 0;
    if (way === 'exact') return noise / n;
    if (gain === null) return null;
    const g = mse + 2 * gain - 1;
    if (way === 'one projection') return mse + (g * noise) / n;
    const draws = way === 'momentum' ? effectiveDraws(n, decay) : n;
    return (g * (1 + noise) - gain ** 2) / draws + (1 - gain) ** 2;
  };
}

/** ‖x − y‖² in float64. */
function squaredDistance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += ((x[i] as number) - (y[i] as number)) ** 2;
  return total;
}

function figureOf(gradient: string, rank: number, all: readonly AveragingRow[]): Figure {
  const rows = all.filter((row) => row.rank === rank);
  return curvesFigure({
    name: `averaging-${fileName(gradient)}-rank-${rank}`,
    title: `Error of an average, rank ${rank}: ${gradient}`,
    caption: 'Points: measured, with twice the standard error on both sides.',
    x: { title: 'micro-batches', log: true },
    y: { title: 'relative squared error', log: true },
    curves: rows.map(({ way, at }) => ({
      label: way,
      points: at.map(({ batches: x, error: y, standardError }) => {
        const bar = { low: y - 2 * standardError, high: y + 2 * standardError };
        return { x, y, ...bar };
      }),
      theory: at.flatMap(({ batches: x, theory: y }) => (y === null ? [] : [{ x, y }])),
    })),
  });
}

function columnsOf(rows: readonly AveragingRow[]): Column<AveragingRow>[] {
  return [
    { heading: 'gradient', cell: ({ gradient }) => gradient },
    { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
    { heading: 'average', cell: ({ way }) => way },
    ...(rows[0]?.at ?? []).map(
      ({ batches }, which): Column<AveragingRow> => ({
        heading: `of ${batches}`,
        align: 'right',
        cell: ({ at }) => {
          const { error, standardError, theory } = at[which] as AveragingAt;
          return withError(error, standardError) + (theory === null ? '' : ` (${significant(theory)})`);
        },
      }),
    ),
  ];
}
