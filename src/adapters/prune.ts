import { OptionError } from '../base/errors';
import { number, type OptionsOf, optional, readOptions, refuseExtra, string } from '../base/options';
import { type Module, matchKind } from '../nn/module';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/derivatives/no-grad';
import { onHost } from '../tensor/linalg/on-host';
import type { Tensor } from '../tensor/tensor';
import { chosenWeights } from './weights';

const pruneOptions = {
  /** The share of each weight that becomes 0, from 0 to 1, wherever the smallest numbers are. */
  sparsity: optional(number({ low: 0, high: 1 })),
  /** 'n:m' keeps n of every m neighbours in a row, '2:4' say. */
  pattern: optional(string),
  /** Which `Linear` layers, by their path (default: all). */
  match: optional(matchKind),
};

/** How much of each weight goes, and where. Either `sparsity` or `pattern`. */
export interface PruneOptions extends OptionsOf<typeof pruneOptions> {}

/**
 * Magnitude pruning: the numbers of the smallest size become 0, in place, layer by layer. Of equals those that come
 * first go first; −0 counts as 0, NaN as largest.
 * @throws OptionError `prune/how`, `prune/pattern`, `prune/no-match`, `options/…`
 * @see Han et al., "Learning both weights and connections for efficient neural networks", arXiv 1506.02626.
 * @example
 * const layer = new Linear(4, 1, { key: random.key(0) });
 * layer.load({ weight: tensor([[3, -1, 2, 0.5]]), bias: zeros([1]) });
 * prune(layer, { pattern: '2:4' });
 * console.log(await layer.weight.array()); // prints [ [ 3, 0, 2, 0 ] ]
 */
export function prune(model: Module, options: PruneOptions): void {
  if (arguments.length > 2) refuseExtra('prune', arguments, 2);
  const { sparsity, pattern, match } = readOptions('prune', pruneOptions, options, 'model');
  if ((sparsity === undefined) === (pattern === undefined)) throw oneOfBoth();
  const weights = chosenWeights('prune', model, match);
  const groups = pattern === undefined ? null : groupsOf(pattern);
  for (const { path, weight } of weights) {
    const [, inputs] = weight.shape as readonly [number, number];
    if (groups && inputs % groups.of !== 0) throw unevenGroups(path, inputs, groups.of);
  }
  for (const { weight } of weights) {
    const { length, dropped } = groups
      ? { length: groups.of, dropped: groups.of - groups.kept }
      : { length: weight.size, dropped: Math.round((sparsity as number) * weight.size) };
    noGrad(() => assign(weight, withoutSmallest(weight, length, dropped)));
  }
}

/** The `dropped` smallest of each run of `length` elements set to 0. */
function withoutSmallest(weight: Tensor, length: number, dropped: number): Tensor {
  const [pruned] = onHost('prune', [weight], [weight.shape], ([values]) => {
    const out = values as Float32Array;
    for (let start = 0; start < out.length; start += length) dropSmallest(out.subarray(start, start + length), dropped);
    return [out];
  });
  return pruned as Tensor;
}

function dropSmallest(values: Float32Array, dropped: number): void {
  if (dropped === 0) return;
  const sorted = values.map(Math.abs).sort(); // a typed array sorts by number, NaN last
  const limit = sorted[dropped - 1] as number;
  let equals = dropped - sorted.findIndex((size) => Object.is(size, limit)); // that many of size `limit` go too
  for (const [i, x] of values.entries()) {
    const size = Math.abs(x);
    if (size < limit || (Object.is(size, limit) && equals-- > 0)) values[i] = 0;
    else if (Number.isNaN(limit) && !Number.isNaN(size)) values[i] = 0;
  }
}

function groupsOf(pattern: string): { kept: number; of: number } {
  const [, kept, of] = /^(\d+):(\d+)$/.exec(pattern) ?? [];
  if (of !== undefined && Number(of) > 0 && Number(kept) <= Number(of)) return { kept: Number(kept), of: Number(of) };
  throw new OptionError({
    code: 'prune/pattern',
    got: `prune got pattern = ${JSON.stringify(pattern)}`,
    expected: "'n:m' with whole numbers n ≤ m and m > 0",
    fix: "pass '2:4', say: two of every four neighbours stay",
  });
}

function unevenGroups(path: string, inputs: number, of: number): OptionError {
  return new OptionError({
    code: 'prune/pattern',
    got: `prune got groups of ${of} for the weight of "${path}", whose rows have ${inputs} elements`,
    expected: 'groups that divide the rows',
    fix: 'match other layers, or prune by sparsity',
  });
}

function oneOfBoth(): OptionError {
  return new OptionError({
    code: 'prune/how',
    got: 'prune got sparsity and pattern, or neither of them',
    expected: 'one of the two',
    fix: "pass { sparsity: 0.5 } or { pattern: '2:4' }",
  });
}
