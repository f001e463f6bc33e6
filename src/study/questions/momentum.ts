import { seedKind } from '../../base/key';
import { choice, listOf, number, optional, required, type ValuesOf, whole } from '../../base/options';
import { compressedDimension, type Projection, type Projector, projectorKind } from '../../compress/projector';
import { gaussian } from '../../compress/projectors/gaussian';
import { leastStableInterval } from '../../compress/stability';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { mul } from '../../tensor/ops/elementwise/mul';
import type { Tensor } from '../../tensor/tensor';
import { type Curve, curvesFigure, type Figure } from '../figure';
import { fileName } from '../file-name';
import { meanAndError, significant, withError } from '../numbers';
import { type Pause, question } from '../question';
import { drawProjection, inner, readGradient } from '../round-trip';
import { gradientsKind, type StudiedGradient } from '../studied-gradient';
import { type Column, tableOf } from '../table';

/** What a new projection does to the momentum. */
const policies = ['transfer', 'reset', 'keep'] as const;
type Policy = (typeof policies)[number];

const options = {
  /** Gradients [n, m] by name. */
  gradients: required(gradientsKind),
  /** How gradients are projected. */
  projector: optional(projectorKind, gaussian),
  /** Rows of the projections: one or several. */
  ranks: required(listOf(whole({ low: 1 }))),
  /** What a new projection does to the momentum. */
  policies: optional(listOf(choice(...policies)), [...policies]),
  /** κ, steps between projections. */
  intervals: optional(listOf(whole({ low: 1 })), [1, 2, 5, 10, 20, 50]),
  /** β of the momentum. */
  decay: optional(number({ low: 0, high: 1 }), 0.9),
  /** New projections, one after the other. */
  refreshes: optional(whole({ low: 1 }), 4),
  /** Momenta that are carried along, each through projections of its own. */
  trials: optional(whole({ low: 2 }), 400),
  /** Everything random follows from it. */
  seed: optional(seedKind, 0),
};
type Read = ValuesOf<typeof options>;

/** A mean over trials beside its theory. */
export interface MomentumMeasured {
  /** The mean over the trials. */
  readonly mean: number;
  /** Its standard error. */
  readonly standardError: number;
  /** Null where no theory says it. */
  readonly theory: number | null;
}

/** The momentum of one gradient after some refreshes. */
export interface MomentumAt {
  /** New projections so far; 0 is right after the gradient. */
  readonly refresh: number;
  /** ‖C‖²/‖G‖² of the compressed momentum C. */
  readonly size: MomentumMeasured;
  /** ⟨up(C), G⟩/‖G‖²: what is left of the gradient in it. */
  readonly left: MomentumMeasured;
}

/** What becomes of a momentum under one policy, at one interval. */
export interface MomentumRow {
  /** Name of the gradient. */
  readonly gradient: string;
  /** Name of the projector. */
  readonly projector: string;
  /** Rows of the projection. */
  readonly rank: number;
  /** What a new projection does to the momentum. */
  readonly onRefresh: Policy;
  /** κ */
  readonly refreshEvery: number;
  /** β of the momentum. */
  readonly decay: number;
  /** After 0, 1, … refreshes. */
  readonly at: readonly MomentumAt[];
  /** The factor of the size from one refresh to the next, a geometric mean over all of them: above 1 it grows without bound. */
  readonly growth: MomentumMeasured;
  /** The least whole κ above κ*, from which on it stays bounded; `'never'` where β is 1, null where no theory says it. */
  readonly stableFrom: number | 'never' | null;
  /** Sequences of projections behind each mean. */
  readonly trials: number;
  /** What everything random follows from. */
  readonly seed: number;
}

/**
 * What do refreshes do to a momentum? A gradient G enters it once, C = G·Aᵀ; then it decays by β^κ between refreshes, which
 * move it to a new projection. Transfers multiply E‖C‖² by g = E‖up(down(G))‖²/‖G‖² = 1 + mse of an unbiased projector each
 * time, so E‖C‖² = gain·(g·β^(2κ))^k·‖G‖² after k of them: bounded only for κ > κ* = ln g/(2·ln(1/β)). What is kept has the
 * right size, and points anywhere.
 */
export const momentum = question({
  name: 'momentum',
  asks: 'what do new projections do to a compressed momentum?',
  about: `A gradient enters a momentum once, which then decays and is moved from projection to projection. The
numbers say how large it is, and how much of the gradient is left in it, beside what theory says.`,
  example: 'floragrad study momentum --rank 4,16 --every 1,5,20,50 --report momentum.html',
  usual: { shape: [64, 128], ranks: [4, 16] },
  options,
  count: ({ gradients, ranks, policies, intervals }) =>
    gradients.length * ranks.length * policies.length * intervals.length,
  async *answer(read, pause) {
    for (const gradient of read.gradients) {
      for (const rank of read.ranks) {
        for (const onRefresh of read.policies) {
          const about = { gradient, rank, onRefresh };
          const chains = await carry(about, read, pause);
          const theory = await theoryOf(gradient, rank, read.projector);
          for (const refreshEvery of read.intervals) yield rowOf({ ...about, refreshEvery }, chains, theory, read);
        }
      }
    }
  },
  table: (rows) => tableOf(columnsOf(rows), rows),
  reading: () => [
    'Size: |compressed momentum|²/|gradient|² after the last refresh; left: the part of the gradient that is still in it; each with its standard error, theory in brackets.',
    'Growth: the factor of the size from one refresh to the next. Above 1 the momentum grows without bound; transfers do that at intervals up to ln(1 + mse)/(2·ln(1/β)) for an unbiased projection.',
    'The decay between refreshes multiplies a momentum by β^κ, in one multiplication here, and all intervals share their projections.',
  ],
  figures: (rows) => [...new Set(rows.map(({ gradient }) => gradient))].flatMap((name) => figuresOf(name, rows)),
});

interface About {
  readonly gradient: StudiedGradient;
  readonly rank: number;
  readonly onRefresh: Policy;
}

/** Samples by refresh, one for each trial: sizes and what is left, without decay. */
interface Chains {
  readonly sizes: readonly Float64Array[];
  readonly left: readonly Float64Array[];
}

async function carry({ gradient: { name, gradient }, rank, onRefresh }: About, read: Read, pause: Pause) {
  const { projector, refreshes, trials, seed } = read;
  const { values } = await readGradient(projector, gradient);
  const square = inner(values, values) || 1;
  const empty = () => Array.from({ length: refreshes + 1 }, () => new Float64Array(trials));
  const chains = { sizes: empty(), left: empty() };
  for (let trial = 0; trial < trials; trial++) {
    await pause(`${onRefresh} ${name} rank ${rank}, trial ${trial}`);
    let from: Projection | null = null;
    let C = gradient;
    for (let refresh = 0; refresh <= refreshes; refresh++) {
      const to = drawProjection(projector, gradient, { rank, seed, trial: trial * (refreshes + 1) + refresh });
      const seen = noGrad(() => projector.down(to, gradient));
      const [old, before] = [C, from];
      C = before ? noGrad(() => moved(onRefresh, old, { projector, from: before, to })) : seen;
      from = to;
      const [compressed, fresh] = [await C.data(), await seen.data()];
      (chains.sizes[refresh] as Float64Array)[trial] = inner(compressed, compressed) / square;
      (chains.left[refresh] as Float64Array)[trial] = inner(compressed, fresh) / square; // ⟨up(C), G⟩ = ⟨C, down(G)⟩
    }
  }
  return chains;
}

function moved(
  onRefresh: Policy,
  C: Tensor,
  { projector, from, to }: { projector: Projector; from: Projection; to: Projection },
): Tensor {
  if (onRefresh === 'transfer') return projector.transfer(C, from, to);
  return onRefresh === 'reset' ? mul(C, 0) : C;
}

/** gain and g = E‖up(down(G))‖²/‖G‖²; null where they cannot be told of a momentum, which is another matrix than the gradient. */
async function theoryOf({ gradient }: StudiedGradient, rank: number, projector: Projector) {
  const given = await readGradient(projector, gradient);
  const { gain, relativeMse } = projector.theory(compressedDimension(given), rank, given);
  return gain === null || projector.refresh ? null : { gain, g: relativeMse + 2 * gain - 1 };
}

function rowOf(
  { gradient, rank, onRefresh, refreshEvery }: About & { readonly refreshEvery: number },
  { sizes, left }: Chains,
  theory: { readonly gain: number; readonly g: number } | null,
  { projector, decay, refreshes, trials, seed }: Read,
): MomentumRow {
  const b = decay ** refreshEvery;
  // E‖C‖² from one refresh to the next, and what is left of the gradient; null where no theory says it.
  const factor = { transfer: theory && theory.g * b ** 2, reset: 0, keep: b ** 2 }[onRefresh];
  const kept = { transfer: theory && theory.gain * b, reset: 0, keep: null }[onRefresh];
  const after = (start: number | undefined, each: number | null, k: number): number | null =>
    k > 0 && each === 0 ? 0 : start === undefined || (k > 0 && each === null) ? null : start * (each ?? 0) ** k;
  const at = sizes.map((_, k): MomentumAt => {
    const [size, part] = [measured(sizes[k], b ** (2 * k)), measured(left[k], b ** k)];
    return {
      refresh: k,
      size: { ...size, theory: after(theory?.gain, factor, k) },
      left: { ...part, theory: after(theory?.gain, kept, k) },
    };
  });
  return {
    gradient: gradient.name,
    projector: projector.name,
    rank,
    onRefresh,
    refreshEvery,
    decay,
    at,
    growth: { ...growthOf(at[0] as MomentumAt, at[refreshes] as MomentumAt), theory: factor },
    stableFrom: stableFrom(onRefresh, decay, theory?.g ?? null),
    trials,
    seed,
  };
}

function measured(samples: Float64Array | undefined, decayed: number) {
  const { mean, standardError } = meanAndError(samples ?? []);
  return { mean: decayed * mean, standardError: decayed * standardError };
}

/** A geometric mean, and its error to first order. */
function growthOf({ size: first }: MomentumAt, { size: last, refresh }: MomentumAt) {
  if (last.mean === 0) return { mean: 0, standardError: 0 };
  const mean = (last.mean / first.mean) ** (1 / refresh);
  const relative = Math.hypot(last.standardError / last.mean, first.standardError / first.mean);
  return { mean, standardError: (mean * relative) / refresh };
}

function stableFrom(onRefresh: Policy, decay: number, g: number | null): MomentumRow['stableFrom'] {
  if (onRefresh !== 'transfer') return 1;
  if (g === null) return null;
  const least = leastStableInterval(decay, g);
  return least === Infinity ? 'never' : least;
}

function figuresOf(gradient: string, all: readonly MomentumRow[]): Figure[] {
  const rows = all.filter((row) => row.gradient === gradient);
  const shortest = Math.min(...rows.map(({ refreshEvery }) => refreshEvery));
  const short = rows.filter(({ refreshEvery }) => refreshEvery === shortest);
  const bars = 'Bars: twice the standard error on both sides.';
  const over = (of: (at: MomentumAt) => MomentumMeasured): Curve[] =>
    short.map((row) => curve(`${row.onRefresh}, rank ${row.rank}`, row.at, ({ refresh }) => refresh, of));
  return [
    curvesFigure({
      name: `momentum-growth-${fileName(gradient)}`,
      title: `Growth of a carried momentum: ${gradient}`,
      caption: `The factor of its size from one refresh to the next, transferred. Above 1 it grows without bound. ${bars}`,
      x: { title: 'steps between projections', log: true },
      y: { title: 'growth at each refresh', log: true },
      curves: [...new Set(rows.map(({ rank }) => rank))].map((rank) => {
        const own = rows.filter((row) => row.rank === rank && row.onRefresh === 'transfer');
        return curve(
          `rank ${rank}`,
          own,
          ({ refreshEvery }) => refreshEvery,
          ({ growth }) => growth,
        );
      }),
      levels: [{ label: 'neither grows nor shrinks', y: 1 }],
    }),
    curvesFigure({
      name: `momentum-size-${fileName(gradient)}`,
      title: `Size of a momentum over refreshes, every ${shortest}: ${gradient}`,
      caption: `|compressed momentum|²/|gradient|². ${bars}`,
      x: { title: 'refreshes' },
      y: { title: 'size', log: true },
      curves: over(({ size }) => size),
    }),
    curvesFigure({
      name: `momentum-left-${fileName(gradient)}`,
      title: `What is left of the gradient in a momentum, every ${shortest}: ${gradient}`,
      caption: `⟨momentum, gradient⟩/|gradient|², projected up. What is kept has its size and points anywhere. ${bars}`,
      x: { title: 'refreshes' },
      y: { title: 'left of the gradient' },
      curves: over(({ left }) => left),
    }),
  ];
}

function curve<T>(label: string, items: readonly T[], x: (item: T) => number, y: (item: T) => MomentumMeasured): Curve {
  return {
    label,
    points: items.map((item) => {
      const { mean, standardError } = y(item);
      return { x: x(item), y: mean, low: mean - 2 * standardError, high: mean + 2 * standardError };
    }),
    theory: items.flatMap((item) => {
      const { theory } = y(item);
      return theory === null ? [] : [{ x: x(item), y: theory }];
    }),
  };
}

const shown = ({ mean, standardError, theory }: MomentumMeasured): string =>
  withError(mean, standardError) + (theory === null ? '' : ` (${significant(theory)})`);

function columnsOf(rows: readonly MomentumRow[]): Column<MomentumRow>[] {
  const last = Math.max(0, ...rows.map(({ at }) => at.length - 1));
  const after = (row: MomentumRow): MomentumAt => row.at[last] as MomentumAt;
  return [
    { heading: 'gradient', cell: ({ gradient }) => gradient },
    { heading: 'rank', align: 'right', cell: ({ rank }) => String(rank) },
    { heading: 'momentum', cell: ({ onRefresh }) => onRefresh },
    { heading: 'every', align: 'right', cell: ({ refreshEvery }) => String(refreshEvery) },
    { heading: `size after ${last}`, align: 'right', cell: (row) => shown(after(row).size) },
    { heading: `left after ${last}`, align: 'right', cell: (row) => shown(after(row).left) },
    { heading: 'growth', align: 'right', cell: ({ growth }) => shown(growth) },
    { heading: 'stable from', align: 'right', cell: ({ stableFrom: from }) => (from === null ? '–' : String(from)) },
  ];
}
