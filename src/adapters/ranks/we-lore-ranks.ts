import { OptionError } from '../../base/errors';
import {
  checkArgument,
  kindOf,
  listOf,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
} from '../../base/options';
import { svd } from '../../tensor/linalg/svd';
import { runInScope } from '../../tensor/scope';
import type { RankPolicy } from './rank-policy';

const weLoreOptions = {
  /** τ: singular values below it are pruned, where the least of a weight is 0 and the largest 1. */
  threshold: optional(number({ low: 0, high: 1 })),
  /** The share of singular values to prune, the mean over weights; τ is the least one with which it is reached. */
  reduction: optional(number({ low: 0, high: 1 })),
};

/** One of the two. */
export interface WeLoreOptions extends OptionsOf<typeof weLoreOptions> {}

/** What WeLore's rule makes of some weights. */
export interface WeLoreCounts {
  /** τ */
  readonly threshold: number;
  /** How many singular values of each weight are pruned, in the order of the spectra. */
  readonly pruned: readonly number[];
}

/** A weight is of low rank if more than this share of its singular values is pruned. */
const lowRankShare = 0.4999;

/**
 * WeLore's rule on singular values: those of a weight are scaled to between 0 and 1, (σ − σ_min)/(σ_max − σ_min), and those below
 * one threshold for all weights are pruned. Of a weight with equal singular values none is. `threshold` sets τ, `reduction` the
 * mean share that is pruned.
 * @throws OptionError `we-lore/target`, `options/…`
 * @see Jaiswal et al., "From low rank gradient subspace stabilization to low-rank weights: observations, theories, and
 *   applications", arXiv 2407.11239, and its published code.
 * @example
 * console.log(weLoreCounts([[9, 1, 0.9, 0.5, 0.3, 0.1]], { threshold: 0.1 }).pruned); // prints [ 4 ]
 */
export function weLoreCounts(spectra: readonly (readonly number[])[], options: WeLoreOptions): WeLoreCounts {
  if (arguments.length > 2) refuseExtra('weLoreCounts', arguments, 2);
  checkArgument('weLoreCounts', 'spectra', spectraKind, spectra);
  return counted('weLoreCounts', spectra, readTarget('weLoreCounts', options, 'spectra'));
}

/**
 * WeLore's ranks: a weight of which more than 49.99 % of the singular values are pruned (see `weLoreCounts`) is of low rank, and
 * gets an adapter with as many components as are left; the others get none, and stay as they are. The method itself then keeps
 * the leading components of such a weight and tunes them; as a policy of `lora` the weight stays and the adapter is beside it.
 * @throws OptionError `we-lore/target`, `options/…`
 * @see Jaiswal et al., arXiv 2407.11239.
 * @example
 * const model = new MLP({ sizes: [8, 8, 8], key: random.key(0) });
 * const { adapted } = lora(model, { rank: weLoreRanks({ reduction: 0.5 }) });
 * console.log(adapted.map(({ path, rank }) => `${path} ${rank}`)); // prints [ 'layers.0 4', 'layers.1 4' ]
 */
export function weLoreRanks(options: WeLoreOptions): RankPolicy {
  if (arguments.length > 1) refuseExtra('weLoreRanks', arguments, 1);
  const target = readTarget('weLoreRanks', options, '');
  return {
    name: 'weLoreRanks',
    ranks(sites) {
      const spectra = sites.map(({ path, weight }) => runInScope(path, () => Array.from(svd(weight).s.dataSync())));
      const { pruned } = counted('weLoreRanks', spectra, target);
      return spectra.map(({ length }, i) => {
        const gone = pruned[i] as number;
        if (gone / length > lowRankShare) return { rank: length - gone };
        return { rank: 0, reason: `not of low rank: ${gone} of ${length} singular values are below the threshold` };
      });
    },
  };
}

type Target = { readonly threshold: number } | { readonly reduction: number };

/** @throws OptionError `we-lore/target` */
function readTarget(where: string, options: WeLoreOptions, operands: string): Target {
  const { threshold, reduction } = readOptions(where, weLoreOptions, options, operands);
  if (threshold !== undefined && reduction === undefined) return { threshold };
  if (reduction !== undefined && threshold === undefined) return { reduction };
  throw new OptionError({
    code: 'we-lore/target',
    got: `${where} got ${threshold === undefined ? 'neither threshold nor reduction' : 'both threshold and reduction'}`,
    expected: 'one of them',
    fix: 'write { reduction: 0.5 }, or { threshold: 0.1 }',
  });
}

function counted(where: string, spectra: readonly (readonly number[])[], target: Target): WeLoreCounts {
  const scaled = spectra.map(betweenZeroAndOne);
  const below = (threshold: number): number[] => scaled.map((s) => s.filter((x) => x < threshold).length);
  if ('threshold' in target) return { threshold: target.threshold, pruned: below(target.threshold) };
  const { reduction } = target;
  const reached = (threshold: number): boolean => {
    const shares = below(threshold).map((gone, i) => gone / (scaled[i] as number[]).length);
    return shares.reduce((sum, share) => sum + share, 0) >= reduction * shares.length;
  };
  if (reached(0)) return { threshold: 0, pruned: below(0) };
  if (!reached(1)) throw outOfReach(where, reduction);
  let [low, high] = [0, 1]; // not reached, reached
  for (let middle = 0.5; low < middle && middle < high; middle = (low + high) / 2) {
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return { threshold: high, pruned: below(high) };
}

function betweenZeroAndOne(s: readonly number[]): number[] {
  const [low, high] = [Math.min(...s), Math.max(...s)];
  return s.map((x) => (high === low ? 1 : (x - low) / (high - low)));
}

const spectraKind = {
  ...listOf(
    kindOf<readonly number[]>(
      'an array of singular values, at least one',
      (s) => Array.isArray(s) && s.length > 0 && s.every(Number.isFinite),
    ),
  ),
};

function outOfReach(where: string, reduction: number): OptionError {
  return new OptionError({
    code: 'we-lore/target',
    got: `${where} got the reduction ${reduction}`,
    expected:
      'a share that leaves each weight its largest singular value, and all of one whose singular values are equal',
    fix: 'take a smaller one',
  });
}
