import type { Adaptable, Adapter } from '../nn/adapter';
import type { Module } from '../nn/module';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import {
  type AdapterReport,
  type AttachedLayer,
  type AttachOptions,
  type AttachParts,
  adapterKey,
  attach,
} from './attach';
import type { OfLowRank } from './low-rank-adapter';
import { setShifted } from './origin';
import type { Chosen, ChosenRanks } from './ranks/rank-policy';
import type { AdapterSite, DrawSite } from './starts/first-factors';

/** What adapters of low rank are made by. */
export interface LowRankOptions {
  /** r, the rows of A; or what a policy has chosen, layer by layer. */
  readonly rank: number | ChosenRanks;
  /** α */
  readonly alpha: number;
  /** s = α/√r in place of α/r. */
  readonly rankStabilized: boolean;
  /** Which layers. */
  readonly match: AttachOptions<Adapter>['match'];
  /** What first values are drawn from. */
  readonly seed: number;
  /** As `attach` takes them. */
  readonly settings?: AttachParts<Adapter>['settings'];
}

/** An adapter of low rank; `shift`: its product must be taken out of the weight so that the function stays. */
export interface LowRankStart<A extends OfLowRank> {
  readonly adapter: A;
  readonly shift: boolean;
}

/** Attach adapters of low rank. */
export function attachLowRank<A extends OfLowRank>(
  where: string,
  model: Module,
  options: LowRankOptions,
  make: (site: AdapterSite, layer: Adaptable) => LowRankStart<A> | string,
): AdapterReport<AttachedLayer<A>> {
  const shifted = new Set<A>();
  const report = attach(where, model, {
    match: options.match,
    seed: options.seed,
    ...(options.settings && { settings: options.settings }),
    make({ path, layer }) {
      const { weight } = layer;
      const { rank, alpha = options.alpha, reason } = chosenFor(options.rank, path);
      if (rank === 0) return reason;
      const own = { ...options, rank, alpha };
      const start = make({ ...drawSite(path, weight.shape, own, scaleOf(own), 0), weight }, layer);
      if (typeof start === 'string') return start;
      if (start.shift) shifted.add(start.adapter);
      return start.adapter;
    },
  });
  for (const { layer, adapter } of report.adapted) {
    if (!shifted.has(adapter)) continue;
    const { weight } = layer;
    noGrad(() => assign(weight, adapter.weightBeside?.(weight) ?? adapter.mergedInto(weight, -1)));
    setShifted(adapter);
  }
  return report;
}

/** A report without the objects that it is about. */
export function describedLowRank({ adapted, ...report }: AdapterReport<AttachedLayer<OfLowRank>>): AdapterReport {
  const rows = adapted.map(({ path, layer: { weight }, adapter: { rank, scale } }) => {
    return { path, shape: weight.shape, rank, scale };
  });
  return { adapted: rows, ...report };
}

/** What factors are drawn for, at any stage. */
export function drawSite(
  path: string,
  shape: DrawSite['shape'],
  { rank, seed }: { readonly rank: number; readonly seed: number },
  scale: number,
  stage: number,
): DrawSite {
  return { path, shape, rank, scale, key: adapterKey(seed, path, stage), stage };
}

/** The same rank for all, or that of the layer. */
function chosenFor(rank: LowRankOptions['rank'], path: string): Chosen {
  return typeof rank === 'number' ? { rank, reason: '' } : (rank.get(path) as Chosen);
}

/** s */
function scaleOf({ rank, alpha, rankStabilized }: LowRankOptions & { readonly rank: number }): number {
  return rankStabilized ? alpha / Math.sqrt(rank) : alpha / rank;
}
